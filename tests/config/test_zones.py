"""The zones of the configuration, and warnings about autodefined rules."""

from __future__ import annotations

import pytest
import yaml

from hub.runtime.model.names import Fqdn
from orgdns.config.checks.zones import MAX_CREATED
from orgdns.config.load import parse
from tests.support.config.configuration import GOOD, faults, with_templates, with_zones


def test_zone_has_either_id_or_create() -> None:
    """A zone either exists or is to be created."""
    both = GOOD.replace(
        "id: Z0CORPINTERNAL0EXAMPL", "id: Z0CORPINTERNAL0EXAMPL\n    create: {vpc: vpc-12345678, region: eu-west-1}"
    )
    neither = GOOD.replace("    id: Z0CORPINTERNAL0EXAMPL\n", "")
    assert any("either 'id'" in fault for fault in faults(both))
    assert any("either 'id'" in fault for fault in faults(neither))


def test_rule_with_names_in_another_zone_is_a_fault() -> None:
    """The Resolver asks only the most specific zone, and would never find a record in the wider zone."""
    text = with_templates("{name}.{region}.corp.internal").replace(
        "domain: instances.internal", "domain: eu-west-1.corp.internal"
    )
    assert any("names in the zone 'eu-west-1.corp.internal'" in fault for fault in faults(text))
    text = with_templates("{name}.x.corp.internal").replace(
        "domain: instances.internal", "domain: eu-west-1.corp.internal"
    )
    assert len(parse(text).policy.rules) == 1
    # A name that is the other zone's own is asked of that zone, too.
    text = with_templates("{region}.corp.internal").replace(
        "domain: instances.internal", "domain: eu-west-1.corp.internal"
    )
    assert any("names in the zone 'eu-west-1.corp.internal'" in fault for fault in faults(text))


@pytest.mark.parametrize(
    ("zone", "place", "message"),
    [
        ({"domain": "256.10.in-addr.arpa"}, "domain", "is not a reverse zone"),
        ({"domain": "01.10.in-addr.arpa"}, "domain", "is not a reverse zone"),
        ({"domain": "0-63.2.1.10.in-addr.arpa"}, "domain", "is not a reverse zone"),
        ({"domain": "in-addr.arpa"}, "domain", "is not a reverse zone"),
        ({"domain": "10.ip6.arpa"}, "domain", "is not a reverse zone"),
        ({"domain": "1.10.in-addr.arpa", "adopt": True}, "adopt", "does not apply to reverse zones"),
        ({"domain": "1.10.in-addr.arpa", "networks": ["10.2.0.0/16"]}, "networks[0]", "does not overlap the zone"),
        ({"domain": "1.10.in-addr.arpa", "networks": ["2001:db8::/56"]}, "networks[0]", "does not overlap the zone"),
        ({"domain": "1.10.in-addr.arpa", "networks": ["10.1.0.1/24"]}, "networks[0]", "has host bits set"),
        ({"domain": "1.10.in-addr.arpa", "networks": ["10.1.0.0/12"]}, "networks[0]", "is not a CIDR block"),
        ({"domain": "10.in-addr.arpa", "networks": ["10.0.0.0/8"]}, "networks[0]", "is not a VPC CIDR block"),
        ({"domain": "10.in-addr.arpa", "networks": ["ten"]}, "networks[0]", "is not a CIDR block"),
        ({"domain": "1.10.in-addr.arpa", "vpcs": ["vpc-1"]}, "vpcs[0]", "not a VPC id"),
        ({"domain": "1.10.in-addr.arpa", "accounts": [4]}, "accounts[0]", "put it in quotes"),
        ({"domain": "1.10.in-addr.arpa", "units": ["ou-1"]}, "units[0]", "an organizational unit id"),
        (
            {"domain": "1.10.in-addr.arpa", "addresses": ["10.1.0.0/16"]},
            "addresses",
            "addresses of their own block only",
        ),
    ],
)
def test_fault_of_a_reverse_zone(zone: dict[str, object], place: str, message: str) -> None:
    """The keys of a reverse zone must fit its addresses."""
    reported = faults(with_zones(zone))
    assert any(f": zones[2].{place}: " in fault and message in fault for fault in reported), reported


def test_template_in_a_reverse_zone_is_a_fault() -> None:
    """`reverse` requests PTR records; a template cannot."""
    text = with_zones({"domain": "1.10.in-addr.arpa"}).replace("{name}.corp.internal", "{name}.1.10.in-addr.arpa")
    assert any("it lies in a reverse zone" in fault for fault in faults(text))


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.0.0.1/8", "has host bits set"),
        ("ten", "is not a CIDR block"),
        ("0.0.0.0/0", "contains addresses of 0.0.0.0/8, which no instance has as its own"),
        ("127.0.0.0/8", "127.0.0.0/8"),
        ("169.254.169.254/32", "169.254.0.0/16"),
        ("168.0.0.0/7", "169.254.0.0/16"),
        ("224.0.0.0/4", "224.0.0.0/4"),
        ("255.255.255.255/32", "240.0.0.0/4"),
        ("::/0", "neither in the unique local nor in the global unicast addresses (fc00::/7 and 2000::/3)"),
        ("::1/128", "neither in the unique local"),
        ("fe80::/10", "neither in the unique local"),
        ("ff00::/8", "neither in the unique local"),
        ("::ffff:0:0/96", "neither in the unique local"),
    ],
)
def test_fault_of_addresses_to_publish(cidr: str, message: str) -> None:
    """A zone cannot publish addresses that no instance has as its own."""
    text = GOOD.replace(
        "id: Z0CORPINTERNAL0EXAMPL", f'id: Z0CORPINTERNAL0EXAMPL\n    addresses: [10.0.0.0/8, "{cidr}"]'
    )
    reported = faults(text)
    assert any(": zones[0].addresses[1]: " in fault and message in fault for fault in reported), reported


def test_addresses_reach_the_policy_of_their_zone() -> None:
    """Each zone that says has its own addresses, and the others have the default."""
    own = 'id: Z0CORPINTERNAL0EXAMPL\n    addresses: [10.0.0.0/8, 203.0.113.0/24, "fd00::/8", "2001:db8::/32"]'
    policy = parse(GOOD.replace("id: Z0CORPINTERNAL0EXAMPL", own)).compiled_policy()
    assert policy.networks == ((Fqdn("corp.internal."), ("10.0.0.0/8", "203.0.113.0/24", "fd00::/8", "2001:db8::/32")),)


@pytest.mark.parametrize(
    "says", [{}, {"accounts": ["444444444444"]}, {"units": ["r-ab12"]}, {"vpcs": ["vpc-12345678"]}]
)
def test_reverse_zone_that_does_not_say_whose_addresses_is_warned_about(says: dict[str, object]) -> None:
    """The warning names the zone and the keys. Where no rule gives PTR records, there is nothing to warn about."""
    zone: dict[str, object] = {"domain": "1.10.in-addr.arpa", "networks": ["10.1.0.0/16"]}
    content = yaml.safe_load(with_zones(zone | says))
    assert parse(yaml.safe_dump(content)).warnings() == ()
    content["policy"]["rules"][0]["reverse"] = "oldest"
    warnings = parse(yaml.safe_dump(content)).warnings()
    assert len(warnings) == (0 if says else 1)
    for warning in warnings:
        assert warning.startswith("zones[2].domain: 1.10.in-addr.arpa accepts the addresses of every account")
        assert "'accounts', 'units' or 'vpcs'" in warning


WAY_OUT = "AutodefinedReverseFlag DISABLE"


@pytest.mark.parametrize(
    ("zone", "parts"),
    [
        ({"domain": "10.in-addr.arpa"}, ["wider than any VPC"]),
        ({"domain": "172.in-addr.arpa"}, ["wider than any VPC"]),
        ({"domain": "1.10.in-addr.arpa"}, ["List the CIDR blocks in 'networks'"]),
        (
            {"domain": "10.in-addr.arpa", "networks": ["10.1.0.0/16", "10.2.4.0/22"]},
            [
                "for 10.1.0.0/16 create 1.10.in-addr.arpa, or",
                "for 10.2.4.0/22 create 4.2.10.in-addr.arpa, 5.2.10",
                "1 more",
            ],
        ),
        ({"domain": "1.10.in-addr.arpa", "networks": ["10.1.7.0/24"]}, ["for 10.1.7.0/24 create 7.1.10.in-addr.arpa"]),
        ({"domain": "7.1.10.in-addr.arpa", "networks": ["10.1.7.0/26"]}, ["10.1.7.0/26 has a rule for each"]),
    ],
)
def test_warning_for_a_reverse_zone_above_autodefined_rules(zone: dict[str, object], parts: list[str]) -> None:
    """The warning names the zones to create or how to disable the rules."""
    (warning,) = parse(with_zones(zone)).warnings()
    assert warning.startswith("zones[2].domain: ")
    assert WAY_OUT in warning
    assert all(part in warning for part in parts), warning


@pytest.mark.parametrize(
    "zone",
    [
        {"domain": "10.in-addr.arpa", "autodefined_rules": "disabled"},
        {"domain": "1.10.in-addr.arpa", "networks": ["10.1.0.0/16"]},
        {"domain": "7.1.10.in-addr.arpa", "networks": ["10.1.0.0/16", "10.1.7.0/24", "10.1.6.0/23"]},
        {"domain": "7.1.10.in-addr.arpa"},
        {"domain": "8.b.d.0.1.0.0.2.ip6.arpa", "networks": ["2001:db8::/56"]},
    ],
)
def test_no_warning_for_a_reverse_zone_that_answers(zone: dict[str, object]) -> None:
    """A zone at or below the autodefined rules answers, and so does any zone if the rules are disabled."""
    assert parse(with_zones(zone)).warnings() == ()


def test_too_many_created_zones_are_a_fault() -> None:
    """A template has a parameter for each created zone, and at most 200."""
    zones: list[dict[str, object]] = [{"domain": f"{number}.10.in-addr.arpa"} for number in range(MAX_CREATED)]
    content = yaml.safe_load(with_zones(*zones))
    for zone in content["zones"][2:]:
        del zone["id"]
        zone["create"] = content["zones"][1]["create"]
    text = yaml.safe_dump(content)
    (fault,) = faults(text)
    assert f"zones[{MAX_CREATED + 1}].create: the network stack can create {MAX_CREATED} zones" in fault


def test_two_zones_with_one_id_are_a_fault() -> None:
    """Each zone has its own id."""
    reported = faults(with_zones({"domain": "a.internal", "id": "Z0CORPINTERNAL0EXAMPL"}))
    assert any("zones[2].id: 'Z0CORPINTERNAL0EXAMPL' is used twice" in fault for fault in reported)


def test_reserved_name_in_a_reverse_zone_is_a_fault() -> None:
    """No template gives a name in a reverse zone, so there is nothing to reserve."""
    text = with_zones({"domain": "1.10.in-addr.arpa"}).replace("- puppet.corp.internal", "- 1.1.1.10.in-addr.arpa")
    assert any("policy.reserved[0]: " in fault and "is not in any forward zone" in fault for fault in faults(text))


@pytest.mark.parametrize("cidr", ["10.1.0.0/255.255.0.0", "10.1.0.0", "fe80::1%eth0/128"])
def test_network_is_written_with_its_prefix_length(cidr: str) -> None:
    """The file and the schema accept the same single form of a CIDR block."""
    assert any(
        "is not a CIDR block" in fault
        for fault in faults(with_zones({"domain": "1.10.in-addr.arpa", "networks": [cidr]}))
    )


def test_zone_that_an_account_name_could_equal_is_valid() -> None:
    """An account named like an inner zone gets no name there at run time, which is no reason to refuse the zones."""
    text = with_templates("{name}.{account_name}.corp.internal").replace(
        "domain: instances.internal", "domain: prod.corp.internal"
    )
    assert len(parse(text).policy.rules) == 1
