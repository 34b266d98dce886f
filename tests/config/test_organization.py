"""Configurations that no organization can have, or that would take names from its VPCs."""

from __future__ import annotations

import pytest
import yaml
from botocore.loaders import create_loader
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Fqdn
from orgdns.config.checks.domains import hidden
from orgdns.config.checks.regions import opt_in
from orgdns.config.load import parse
from orgdns.config.partitions import known_regions, regions_of
from tests.support.build import EXAMPLE
from tests.support.config.configuration import faults

LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=10)


def changed(**sections: dict[str, object]) -> str:
    """The example with other values in some sections."""
    content = yaml.safe_load(EXAMPLE.read_text())
    for name, values in sections.items():
        content[name] |= values
    return yaml.safe_dump(content, sort_keys=False)


def with_domain(domain: str, **more: object) -> str:
    """The example with one more zone."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["zones"].append({"domain": domain, "id": "Z0ONE0MORE0ZONE", **more})
    return yaml.safe_dump(content)


def test_c2_hub_is_the_management_account() -> None:
    """The management account cannot be StackSets' delegated administrator; the fault has the line of the account."""
    (fault,) = faults(changed(hub={"account": "111111111111"}))
    assert "hub.account: '111111111111' is the management account" in fault
    assert "use a member account" in fault
    line = changed(hub={"account": "111111111111"}).splitlines()[int(fault.split("line ")[1].split(":")[0]) - 1]
    assert line.strip() == "account: '111111111111'"


def test_c2_networking_account_is_the_management_account() -> None:
    """It works, because people deploy its stacks by hand, and no service control policy protects the zones."""
    warnings = parse(changed(network={"account": "111111111111"})).warnings()
    assert [text for text in warnings if text.startswith("network.account: is the management account")]
    assert not [text for text in parse(EXAMPLE.read_text()).warnings() if "network.account" in text]


def test_c2_units_of_another_organization() -> None:
    """Units of two roots cannot be in one organization, wherever the file names them."""
    content = yaml.safe_load(EXAMPLE.read_text())
    foreign = "ou-cd34-workload"
    content["organization"]["units"].append(foreign)
    content["organization"]["units"].append("r-cd34")
    content["organization"].setdefault("unit_labels", {})[foreign] = "theirs"
    content["policy"]["rules"][0]["units"] = [foreign]
    content["zones"][0]["resolved_by"] = {"vpcs": [{"units": ["ou-ab12-infra001", foreign]}]}
    content["zones"].append({"domain": "1.10.in-addr.arpa", "id": "Z0REVERSE", "units": [foreign]})
    found = [fault for fault in faults(yaml.safe_dump(content)) if "is below another root than ou-ab12" in fault]
    for place in (
        "organization.units[2]: 'ou-cd34-workload'",
        "organization.units[3]: 'r-cd34'",
        "organization.unit_labels",
        "policy.rules[0].units[0]",
        "zones[0].resolved_by.vpcs[0].units[1]",
        "units[0]: 'ou-cd34-workload'",
    ):
        assert any(place in fault for fault in found), place


@pytest.mark.parametrize(
    ("domain", "reason"),
    [
        ("com", "is a top-level domain, above amazonaws.com"),
        ("internal", "is a top-level domain, above ec2.internal"),
        ("corp", "is a top-level domain"),
        ("co.uk", "a country registers names"),
        ("amazonaws.com", "the names of AWS's APIs (*.amazonaws.com)"),
        ("s3.amazonaws.com", "the names of AWS's APIs (*.amazonaws.com)"),
        ("eu-central-1.amazonaws.com", "the names of AWS's APIs (*.amazonaws.com)"),
        ("amazonaws.com.cn", "the names of AWS's APIs"),
        ("amazonaws.eu", "the names of AWS's APIs (*.amazonaws.eu)"),
        ("api.aws", "the names of AWS's APIs (*.api.aws)"),
        ("ec2.api.aws", "the names of AWS's APIs (*.api.aws)"),
        ("amazonwebservices.com.cn", "the names of AWS's APIs"),
        ("aws.dev", "names of AWS (*.aws.dev)"),
        ("console.aws", "names of AWS (*.aws)"),
        ("abc.on.aws", "names of AWS (*.aws)"),
        ("compute.internal", "EC2's own names"),
        ("eu-west-1.compute.internal", "EC2's own names"),
        ("EC2.internal.", "EC2's own names"),
    ],
)
def test_c3_zone_that_hides_other_names(domain: str, reason: str) -> None:
    """Such a zone is a fault, unless it says that this is meant."""
    (fault,) = faults(with_domain(domain))
    assert reason in fault
    assert "'hides_other_names: true'" in fault
    assert parse(with_domain(domain, hides_other_names=True)).zones[-1].hides_other_names


@pytest.mark.parametrize(
    "domain", ["dns.internal", "corp.example.com", "aws.corp.internal", "home.arpa", "xec2.internal", "myamazonaws.com"]
)
def test_c3_harmless_zone(domain: str) -> None:
    """A domain of one's own is accepted, also below `internal`, and if its name only resembles one of AWS."""
    assert parse(with_domain(domain)).zones[-1].hides_other_names is False


def test_c3_top_of_the_reverse_zones_has_no_flag() -> None:
    """`arpa` and `in-addr.arpa` cannot be zones of orgdns at all."""
    for domain in ("arpa", "in-addr.arpa", "ip6.arpa"):
        assert any("is not a reverse zone" in fault for fault in faults(with_domain(domain, hides_other_names=True)))


@given(label=LABEL)
def test_c3_everything_below_a_hidden_domain_is_hidden(label: str) -> None:
    """Every name below a domain of AWS's APIs is refused, in every partition, and so is each domain above it."""
    for partition in create_loader().load_data("endpoints")["partitions"]:
        suffix = partition["dnsSuffix"]
        assert hidden(Fqdn(f"{label}.{suffix}."))
        assert all(hidden(Fqdn(".".join(suffix.split(".")[level:]) + ".")) for level in range(suffix.count(".") + 1))


def test_c6_opt_in_regions_are_named() -> None:
    """The warning names the opt-in regions and what to do. The example has none."""
    assert not [text for text in parse(EXAMPLE.read_text()).warnings() if "opt-in" in text]
    regions = ["eu-central-1", "eu-south-1", "ap-east-1"]
    (warning,) = [
        text for text in parse(changed(spokes={"regions": regions})).warnings() if text.startswith("spokes.regions")
    ]
    assert "ap-east-1, eu-south-1: opt-in" in warning
    assert "in the management account and in each account" in warning


def test_c6_list_of_default_regions_is_closed() -> None:
    """Seventeen regions are enabled in every account. A region that AWS opens later is opt-in without a change here."""
    assert len(regions_of("aws") - set(opt_in(known_regions()))) == 17
    assert opt_in(["eu-west-9"]) == ("eu-west-9",)
    assert opt_in(["cn-north-1", "us-gov-west-1", "eusc-de-east-1"]) == ()
