from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.resolution.autodefined import NO_RULES, AutodefinedReverse, reverse_domains, reversed_address

RULES = AutodefinedReverse("eu-west-1", ("10.1.0.0/16", "100.64.8.0/23"), ("10.237.52.0/22",))


@pytest.mark.parametrize(
    ("cidr", "domains"),
    [
        ("10.1.0.0/16", ["1.10.in-addr.arpa."]),
        ("10.104.2.0/24", ["2.104.10.in-addr.arpa."]),
        ("10.237.52.0/22", [f"{octet}.237.10.in-addr.arpa." for octet in range(52, 56)]),
        ("10.0.0.16/28", [f"{octet}.0.0.10.in-addr.arpa." for octet in range(16, 32)]),
        ("10.0.0.0/8", ["10.in-addr.arpa."]),
    ],
)
def test_range_has_the_fewest_domains(cidr: str, domains: list[str]) -> None:
    """A range has as many labels as it fixes, rounded up, and as many domains as that takes."""
    assert list(reverse_domains(cidr)) == domains


@given(st.integers(16, 28), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_domains_cover_exactly_the_range(length: int, base: int, offset: int) -> None:
    """Each address of the range is in one domain; the addresses right before and after it are in none."""
    network = IPv4Network((base, length), strict=False)
    domains = reverse_domains(str(network))

    def around(number: int) -> int:
        name = f"{IPv4Address(number % 2**32).reverse_pointer}."
        return sum(name == domain or name.endswith(f".{domain}") for domain in domains)

    assert around(int(network.network_address) + offset % network.num_addresses) == 1
    assert around(int(network.network_address) - 1) == 0
    assert around(int(network.broadcast_address) + 1) == 0


def test_private_and_connected_ranges_have_rules() -> None:
    """The VPC's CIDRs, connected VPCs' CIDRs and RFC 1918 have rules; the most specific one is found."""
    found = {
        name: RULES.responsible_domain(f"{name}.in-addr.arpa.")
        for name in ("4.0.1.10", "4.0.2.10", "9.54.237.10", "1.0.31.172", "1.0.32.172", "1.9.64.100", "1.10.64.100")
    }
    assert found == {
        "4.0.1.10": "1.10.in-addr.arpa.",
        "4.0.2.10": "10.in-addr.arpa.",
        "9.54.237.10": "54.237.10.in-addr.arpa.",
        "1.0.31.172": "31.172.in-addr.arpa.",
        "1.0.32.172": None,
        "1.9.64.100": "9.64.100.in-addr.arpa.",
        "1.10.64.100": None,
    }
    assert RULES.responsible_domain("web.corp.internal.") is None
    assert RULES.responsible_domain("1.0.168.192.in-addr.arpa.") == "168.192.in-addr.arpa."


@pytest.mark.parametrize(
    ("region", "name"),
    [("eu-west-1", "ip-10-1-0-4.eu-west-1.compute.internal."), ("us-east-1", "ip-10-1-0-4.ec2.internal.")],
)
def test_address_of_the_vpc_has_its_ec2_name(region: str, name: str) -> None:
    """The name is below the region's domain; us-east-1 has an older one."""
    assert AutodefinedReverse(region, ("10.1.0.0/16",)).instance_name("4.0.1.10.in-addr.arpa.") == name


@pytest.mark.parametrize(
    "name", ["4.0.2.10", "9.54.237.10", "1.10", "x.4.0.1.10", "256.0.1.10", "x.0.1.10", "04.0.1.10"]
)
def test_other_name_has_no_ec2_name(name: str) -> None:
    """An address outside the VPC, and a name that is not an address, have none."""
    assert RULES.instance_name(f"{name}.in-addr.arpa.") is None


def test_reversed_address_inverts_the_reverse_name() -> None:
    """Only a reverse name has an address, the one that it was built from."""
    assert reversed_address("4.3.2.1.in-addr.arpa.") == IPv4Address("1.2.3.4")
    assert reversed_address("4.3.2.1.ip6.arpa.") is None
    assert reversed_address("in-addr.arpa.") is None


def test_disabled_rules_answer_nothing() -> None:
    """Where the rules are disabled, not even the private ranges have one."""
    assert NO_RULES.domains == frozenset()
    assert NO_RULES.responsible_domain("4.0.1.10.in-addr.arpa.") is None
