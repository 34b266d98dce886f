"""Each example of docs/policy.md loads and gives the names that the page states."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import pytest

from hub.runtime.model.names import Account, Claim, Instance, InstanceRef, InstanceState, Interface, Millis, NameKey
from hub.runtime.names.templates import VARIABLES
from hub.runtime.policy.draft import Decision
from hub.runtime.publisher.holders import holders
from orgdns.config.load import parse
from orgdns.config.sections.policy import RuleSection
from tests.support.config.policy_page import PAGE, Example, completed, examples

ACCOUNTS = {
    "payments": Account("444444444444", "payments", units=("r-ab12", "ou-ab12-workload")),
    "search": Account("555555555555", "search", units=("r-ab12", "ou-ab12-workload")),
    "science": Account("666666666666", "science", units=("r-ab12", "ou-ab12-research", "ou-ab12-sciences")),
    "renamed": Account("777777777777", None, "the label 'payments' belongs to the account 444444444444"),
}

VPC, SUBNET = "vpc-0a000000000000001", "subnet-0a000000000000001"

DATABASES = "subnet-0d000000000000001"


def an_instance(
    number: int,
    account: str,
    *interfaces: Interface,
    tags: Mapping[str, str],
    state: InstanceState = InstanceState.RUNNING,
) -> tuple[Instance, Account]:
    instance = Instance(
        ref=InstanceRef(ACCOUNTS[account].id, "eu-central-1", f"i-0{number:016x}"),
        state=state,
        launched_at=Millis(number),
        az="eu-central-1a",
        interfaces=interfaces,
        tags=tuple(tags.items()),
    )
    return instance, ACCOUNTS[account]


def at(*ipv4: str, ipv6: tuple[str, ...] = (), subnet: str = SUBNET, vpc: str = VPC, index: int = 0) -> Interface:
    return Interface(index, vpc, subnet, ipv4, ipv6)


GROUP = {"aws:autoscaling:groupName": "Checkout Fleet", "service": "checkout"}

# By the words of the page; the number is the instance's id, and its age.
INSTANCES = {
    "web of payments": an_instance(0xA000000000000001, "payments", at("10.1.0.4"), tags={"Name": "web"}),
    "web of search": an_instance(
        0xB000000000000001, "search", at("10.2.0.4", vpc="vpc-0b000000000000001"), tags={"Name": "web"}
    ),
    "web of renamed": an_instance(0xC000000000000001, "renamed", at("10.3.0.4"), tags={"Name": "web"}),
    "lab-1 of science": an_instance(0xD000000000000001, "science", at("10.4.0.4"), tags={"Name": "lab-1"}),
    "db of payments": an_instance(0xA000000000000002, "payments", at("10.1.0.6"), tags={"Name": "db"}),
    "web-admin of payments": an_instance(0xA000000000000003, "payments", at("10.1.0.7"), tags={"Name": "web-admin"}),
    "postgres of search": an_instance(
        0xB000000000000002, "search", at("10.1.9.4", subnet=DATABASES), tags={"Name": "postgres"}
    ),
    "batch of payments": an_instance(
        0xA000000000000004, "payments", at("10.1.0.8"), tags={"Name": "batch", "orgdns": "Yes"}
    ),
    "quiet of payments": an_instance(
        0xA000000000000005, "payments", at("10.1.0.9"), tags={"Name": "quiet", "orgdns": "no"}
    ),
    "front of payments": an_instance(
        0xA000000000000006, "payments", at("10.1.0.10"), tags={"Name": "front", "orgdns:aliases": "api, www db admin-1"}
    ),
    "first of the group": an_instance(0xA00000000000000A, "payments", at("10.1.0.11"), tags=GROUP),
    "second of the group": an_instance(0xA00000000000000B, "payments", at("10.1.0.12"), tags=GROUP),
    "an instance without a name": an_instance(0xA00000000000000C, "payments", at("10.1.0.13"), tags={}),
    "Café 7 of payments": an_instance(0xA00000000000000D, "payments", at("10.1.0.14"), tags={"Name": "Café 7"}),
    "_Mail Server! of payments": an_instance(
        0xA00000000000000E, "payments", at("10.1.0.15"), tags={"Name": "_Mail Server!"}
    ),
    "... of payments": an_instance(0xA00000000000000F, "payments", at("10.1.0.16"), tags={"Name": "..."}),
    "six of payments": an_instance(
        0xA000000000000010, "payments", at("10.1.0.17", ipv6=("2001:db8::17",)), tags={"Name": "six"}
    ),
    "only-six of payments": an_instance(
        0xA000000000000011, "payments", at(ipv6=("2001:db8::18",)), tags={"Name": "only-six"}
    ),
    "router of payments": an_instance(
        0xA000000000000012, "payments", at("10.1.0.19", "10.1.0.20"), at("10.1.1.19", index=1), tags={"Name": "router"}
    ),
    "night of payments": an_instance(
        0xA000000000000013, "payments", at("10.1.0.21"), tags={"Name": "night"}, state=InstanceState.STOPPED
    ),
    "WPAD of payments": an_instance(0xA000000000000016, "payments", at("10.1.0.22"), tags={"Name": "WPAD"}),
    "isatap of payments": an_instance(0xA000000000000017, "payments", at("10.1.0.23"), tags={"Name": "isatap"}),
    "eu-west-1 of payments": an_instance(0xA000000000000018, "payments", at("10.1.0.24"), tags={"Name": "eu-west-1"}),
    "\u043f\u043e\u0447\u0442\u0430 of payments": an_instance(
        0xA000000000000019, "payments", at("10.1.0.25"), tags={"Name": "\u043f\u043e\u0447\u0442\u0430"}
    ),
    "\u0440\u0430yments of payments": an_instance(
        0xA00000000000001A, "payments", at("10.1.0.27"), tags={"Name": "\u0440\u0430yments"}
    ),
    "dns of payments": an_instance(0xA00000000000001B, "payments", at("8.8.8.8", "10.1.0.26"), tags={"Name": "dns"}),
    "web in the warm pool": an_instance(
        0xA00000000000001C, "payments", at("10.1.0.28"), tags={"Name": "web"}, state=InstanceState.STOPPED
    ),
    "web.payments.corp.internal": an_instance(
        0xA00000000000001D, "payments", at("10.1.0.29"), tags={"Name": "web.payments.corp.internal"}
    ),
    "web.v2 of payments": an_instance(0xA00000000000001E, "payments", at("10.1.0.30"), tags={"Name": "web.v2"}),
    "an empty tag": an_instance(0xA00000000000001F, "payments", at("10.1.0.32"), tags={"Name": " "}),
    "a copy of web in the same VPC": an_instance(0xA000000000000020, "payments", at("10.1.0.31"), tags={"Name": "web"}),
    "a copy of web in another VPC": an_instance(
        0xA000000000000021, "payments", at("10.9.0.4", vpc="vpc-0a000000000000009"), tags={"Name": "web"}
    ),
    # The same address as that of `web of payments`, in another VPC.
    "twin of search": an_instance(
        0xB000000000000003, "search", at("10.1.0.4", vpc="vpc-0b000000000000002"), tags={"Name": "twin"}
    ),
}


def decided(example: Example) -> list[str]:
    """What the page should state for the instances that it names: records, refusals and holders."""
    policy = parse(completed(example.snippet)).compiled_policy()
    zone_ids = {domain: f"Z{number}" for number, domain in enumerate(policy.domains)}
    named = list(dict.fromkeys(line.split(": ", 1)[0] for line in example.expected if not line.startswith("held: ")))
    decisions: dict[str, Decision] = {who: policy.decide(*INSTANCES[who], zone_ids, {}) for who in named}
    by_name: dict[NameKey, list[Claim]] = {}
    for claim in chain.from_iterable(decision.claims for decision in decisions.values()):
        by_name.setdefault(claim.key, []).append(claim)
    whose = {INSTANCES[who][0].ref: who for who in named}
    return [
        *chain.from_iterable(_lines(who, decision) for who, decision in decisions.items()),
        *(
            f"held: {key.fqdn} by {' and '.join(whose[claim.instance] for claim in holders(claims))}"
            for key, claims in by_name.items()
            if len(claims) > 1
        ),
    ]


def _lines(who: str, decision: Decision) -> list[str]:
    records = [
        f"{who}: {claim.key.fqdn} {claim.ttl} {record_type} {' '.join(values)}"
        for claim in decision.claims
        for record_type, values in claim.values
    ]
    refusals = [
        f"{who}: {'declined' if refusal.declined else 'refused'} by {refusal.rule}: {refusal.reason}"
        for refusal in decision.refusals
    ]
    return (records + refusals) or [f"{who}: nothing"]


def test_page_has_examples() -> None:
    """The page is parsed correctly: it has an example for each feature of the policy."""
    assert len(examples()) >= 20


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.title)
def test_example_gives_what_the_page_states(example: Example) -> None:
    """An example loads without a fault or a warning, and the policy decides what the page states."""
    assert example.expected
    assert parse(completed(example.snippet)).warnings() == ()
    assert sorted(example.expected) == sorted(decided(example))


def test_every_key_and_variable_is_on_the_page() -> None:
    """The reference has every key of a rule and every variable."""
    for key in RuleSection.model_fields:
        assert f"`{key}`" in PAGE
    for variable in sorted(VARIABLES):
        assert f"`{{{variable}}}`" in PAGE
