"""Policies, instances and tags drawn by hypothesis. The tags are those that an attacker would write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml
from hypothesis import assume
from hypothesis import strategies as st

from hub.runtime.contract import GROUP_TAG
from hub.runtime.model.names import Account, Fqdn, Instance, InstanceState, Interface
from hub.runtime.policy.decide import Policy
from orgdns.config.checks.policy import policy_faults
from orgdns.config.errors import Source
from orgdns.config.load import Config
from tests.support.build import EXAMPLE, PAYMENTS, RESEARCH, SCIENCE, SEARCH, SUBNET, VPC, WORKLOADS, interface, ref

ACCOUNTS = (PAYMENTS, SEARCH, SCIENCE)
REGIONS = ("eu-central-1", "eu-west-1")
REVERSE_ZONE = "10.in-addr.arpa"

# The parts of other owners' names.
PIECES = (  # noqa: SIM905 - as a list it would fill the page
    "web db www wpad payments search data-science 444444444444 eu-central-1 eu-west-1 prod lab workloads "
    "i-00000000000000001 i-00000000000000002 00000001 00000002 10-0-0-2 vpc-11111111111111111 corp internal x"
).split()
_SEPARATORS = (".", "-", "_", " ", ",", "\\052", "*", "..", "\u202e", "\x00", "\u3002", "\xb7", "/", "#", "{name}")
_WHOLE = (
    "db.corp.internal",
    "web.eu-central-1.payments.corp.internal",
    "*",
    "..",
    ".web",
    "\\052",
    "\\052.corp.internal",
    "*.corp.internal",
    "-",
    "_",
    "\x00",
    "a" * 64,
    "a" * 255,
    "\U0001f600" * 60,
    "\u202egnp.exe",
    "\u05e9\u05dc\u05d5\u05dd web",
    "xn--80ak6aa92e",
    "\uff57\uff45\uff42",
    "M\xfcnchen",
    "[bold red]x[/]",
    "orgdns/444444444444/eu-central-1/i-00000000000000001",
    "name#Z0CORPINTERNAL0EXAMPL#db.corp.internal.",
    "${jndi:x}",
    "'; --",
    "",
)
VALUES = st.one_of(
    st.sampled_from(PIECES),
    st.sampled_from(_WHOLE),
    st.lists(st.sampled_from((*PIECES, *_SEPARATORS)), min_size=1, max_size=12).map("".join),
    st.text(max_size=255),
)
# The keys that these policies read, and any others.
KEYS = st.one_of(st.sampled_from(("Name", "team", "aliases", "opt", GROUP_TAG)), st.text(min_size=1, max_size=128))
TAGS = st.dictionaries(KEYS, VALUES, max_size=50)

_LABELS = (  # noqa: SIM905 - as above
    "{name} {alias} {asg} {tag:team} {account_name} {account_id} {ou} {region} {az} {instance_id} {short_id} {vpc_id} "
    "{device_index} {private_ipv4} {name}-{short_id} {name}-{region} {name}-eth{device_index} web-{tag:team} "
    "prod lab web db x {name}-prod payments"
).split()
TEMPLATES = st.lists(st.sampled_from(_LABELS), min_size=1, max_size=3).map(
    lambda labels: ".".join((*labels, "corp.internal"))
)
_CONDITIONS = st.fixed_dictionaries({"tag": st.just("opt")}, optional={"value": st.sampled_from(["yes", "web"])})
_PATTERNS = st.lists(st.sampled_from(["web*", "db*", "*", "*.prod", "x", "*.*"]), min_size=1, max_size=2, unique=True)
_SELECTIONS = st.sampled_from(["primary", "further", "all"])
_RULE = re.compile(r"policy\.rules\[(\d+)\]")
_CONFLICTS = st.sampled_from(["newest", "oldest", "share"])


def _several(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)


@st.composite
def _rules(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """A rule that ignores the other rules."""
    rule: dict[str, Any] = {"name": f"rule-{number}", "template": draw(TEMPLATES)}
    optional = st.fixed_dictionaries(
        {},
        optional={
            "fallback": TEMPLATES,
            "accounts": _several(*(account.id for account in ACCOUNTS)),
            "units": _several(WORKLOADS, RESEARCH),
            "regions": _several(*REGIONS),
            "vpcs": st.just([VPC]),
            "subnets": st.just([SUBNET]),
            "opt_in": _CONDITIONS,
            "opt_out": _CONDITIONS,
            "allow": _PATTERNS,
            "deny": _PATTERNS,
            "interfaces": _SELECTIONS,
            "addresses": _SELECTIONS,
            "ttl": st.sampled_from([30, 60, 300]),
            "conflict": _CONFLICTS,
            "stopped": st.sampled_from(["keep", "withdraw"]),
            "reverse": _CONFLICTS,
        },
    )
    rule |= draw(optional)
    if "{alias}" in rule["template"] or "{alias}" in rule.get("fallback", ""):
        rule["aliases"] = "aliases"
    return rule


@st.composite
def policies(draw: st.DrawFn, most: int = 5) -> Policy:
    """A policy that passes the checks of the configuration; rules with faults are left out."""
    content = yaml.safe_load(EXAMPLE.read_text())
    rules = [draw(_rules(number)) for number in range(draw(st.integers(1, most)))]
    content["organization"]["unit_labels"] = {WORKLOADS: "workloads", RESEARCH: "lab"}
    content["zones"].append({"domain": REVERSE_ZONE, "id": "Z0REVERSE10", "autodefined_rules": "disabled"})
    content["policy"] = {"rules": rules, "reserved": ["db.corp.internal", "*.lab.corp.internal"]}
    while faults := list(policy_faults(content, Source(None))):
        at_fault = max(int(number) for fault in faults for number in _RULE.findall(fault.place)[:1])
        del rules[at_fault]
    assume(rules)
    return Config.model_validate(content).compiled_policy()


@st.composite
def instances(draw: st.DrawFn, account: Account, number: int, tags: st.SearchStrategy[dict[str, str]]) -> Instance:
    """An instance of an account, with its own address."""
    first = interface(f"10.0.0.{number}", f"10.0.1.{number}", ipv6=(f"2001:db8::{number}",))
    further = draw(st.lists(st.just(Interface(1, "vpc-2", "subnet-2", (f"10.0.2.{number}",))), max_size=1))
    region = draw(st.sampled_from(REGIONS))
    return Instance(
        ref=ref(number, account.id, region),
        state=draw(st.sampled_from([InstanceState.RUNNING, InstanceState.STOPPED])),
        launched_at=draw(st.integers(0, 3)),  # type: ignore[arg-type]  # Millis is an int
        az=f"{region}a",
        interfaces=(first, *further),
        tags=tuple(sorted(draw(tags).items())),
    )


def zone_ids(policy: Policy) -> Mapping[Fqdn, str]:
    return {domain: f"Z0{domain}" for domain in policy.domains}
