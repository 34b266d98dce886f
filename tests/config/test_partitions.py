"""The partitions of AWS in the configuration: regions of one partition, and what each region has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orgdns.config.checks.partitions import partition_faults
from orgdns.config.errors import Source
from orgdns.config.load import Config, parse
from orgdns.config.partitions import SUPPORTED, dns_suffix, global_region, known_regions, partition_of, regions_of
from sandbox import example
from tests.support.config.configuration import faults
from tests.support.config.partitions import REGIONS, example_in

TEXT = example.CONFIG.read_text(encoding="utf-8")


@pytest.mark.parametrize("partition", REGIONS)
def test_c5_a_configuration_of_another_partition_is_valid(partition: str) -> None:
    """The regions of each supported partition are accepted, and the partition follows from them."""
    config = example_in(partition)
    assert config.partition == partition
    assert {partition_of(region) for region in config.spokes.regions} == {partition}


@pytest.mark.parametrize(
    ("partition", "region", "suffix"),
    [
        ("aws", "us-east-1", "amazonaws.com"),
        ("aws-us-gov", "us-gov-west-1", "amazonaws.com"),
        ("aws-cn", "cn-northwest-1", "amazonaws.com.cn"),
        ("aws-eusc", "eusc-de-east-1", "amazonaws.eu"),
    ],
)
def test_c5_global_services_have_a_region_in_each_partition(partition: str, region: str, suffix: str) -> None:
    """Route 53's endpoint is in one region of the partition, and endpoints have the partition's domain."""
    assert (global_region(partition), dns_suffix(partition)) == (region, suffix)


def test_c5_regions_of_several_partitions_are_faults_with_lines() -> None:
    """Each region that is in another partition than the hub is a fault at its place."""
    text = TEXT.replace("[eu-central-1, eu-west-1, us-east-1]", "[eu-central-1, us-gov-west-1]")
    text = text.replace("      region: eu-central-1", "      region: cn-north-1")
    why = "and hub.region ('eu-central-1') in aws: an organization has accounts and regions of one partition only"
    lines = text.splitlines()
    spokes = next(n for n, line in enumerate(lines, 1) if line.startswith("  regions:"))
    zone = next(n for n, line in enumerate(lines, 1) if line.startswith("      region: cn-north-1"))
    assert faults(text) == [
        f"line {spokes}: spokes.regions[1]: 'us-gov-west-1' is in the partition aws-us-gov, {why}",
        f"line {zone}: zones[1].create.region: 'cn-north-1' is in the partition aws-cn, {why}",
    ]


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("us-iso-east-1", "is in the partition aws-iso: orgdns supports aws, aws-us-gov, aws-cn, aws-eusc"),
        ("moon-1", "is not an AWS region"),
        ("us-gov-north-7", "is not an AWS region; if it is new, update botocore ("),
    ],
)
def test_c5_a_region_that_orgdns_does_not_know_is_a_fault(region: str, message: str) -> None:
    """The fault says whether the partition is not supported, or botocore does not list the region."""
    (fault,) = faults(TEXT.replace("  region: eu-central-1\n", f"  region: {region}\n", 1))
    assert f"hub.region: '{region}' {message}" in fault


def without(*missing: tuple[str, str]) -> Callable[[str, str], bool]:
    return lambda service, region: (service, region) not in missing


def found(content: dict[str, Any], is_offered: Callable[[str, str], bool]) -> list[tuple[str, str]]:
    source = Source(yaml.compose(yaml.safe_dump(content)))
    return [(fault.place, fault.message) for fault in partition_faults(content, source, is_offered)]


def test_c5_a_service_that_a_region_lacks_is_a_fault() -> None:
    """A region without a service that orgdns needs there is a fault, at the key that asks for the service."""
    content = {
        "hub": {"region": "cn-northwest-1"},
        "spokes": {"regions": ["cn-northwest-1", "cn-north-1"]},
        "zones": [{"resolved_by": {"vpcs": "all", "by": "profile"}}, {"resolved_by": {"vpcs": "all"}}],
    }
    assert found(content, without()) == []
    lacks = without(
        ("scheduler", "cn-northwest-1"),
        ("events", "cn-north-1"),
        ("route53profiles", "cn-north-1"),
        ("route53resolver", "cn-northwest-1"),
    )
    assert found(content, lacks) == [
        ("hub.region", "'cn-northwest-1' lacks scheduler, which orgdns needs there"),
        ("spokes.regions[1]", "'cn-north-1' lacks events, which orgdns needs there"),
        ("zones[0].resolved_by.by", "'cn-northwest-1' lacks route53resolver, which orgdns needs there"),
        ("zones[0].resolved_by.by", "'cn-north-1' lacks route53profiles, which orgdns needs there"),
        ("zones[1].resolved_by", "'cn-northwest-1' lacks route53resolver, which orgdns needs there"),
    ]


def test_c5_what_aws_documents_to_be_missing_in_china_is_a_warning() -> None:
    """Trusted access of StackSets and events between regions are warnings in China, and nowhere else."""
    stack_sets, routing = example_in("aws-cn").warnings()[:2]
    assert stack_sets.startswith("hub.region: AWS documents that StackSets cannot have trusted access")
    assert "events of cn-north-1 may not reach the hub in cn-northwest-1" in routing
    for partition in ("aws-us-gov", "aws-eusc"):
        assert example_in(partition).warnings() == ()
    assert parse(TEXT).warnings() == ()


@given(st.sampled_from(sorted(known_regions())))
def test_every_known_region_is_in_one_supported_partition(region: str) -> None:
    """A known region belongs to the partition that lists it, and no other lists it."""
    assert [name for name in SUPPORTED if region in regions_of(name)] == [partition_of(region)]


def test_a_configuration_without_a_readable_region_has_no_partition_faults() -> None:
    """Regions with other faults are left out of the comparison."""
    assert found({"hub": {"region": 1}, "spokes": [], "zones": "none"}, without()) == []
    assert isinstance(parse(TEXT), Config)
