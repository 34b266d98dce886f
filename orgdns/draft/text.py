"""The commented configuration file that answers give. Pure."""

from __future__ import annotations

from math import inf
from textwrap import indent
from typing import TYPE_CHECKING, Final

import yaml

from orgdns.draft.questions import BY_ID, KINDS, SHORT, UNIQUE, AnswerInvalid, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_TEXT: Final = """\
# The configuration of orgdns. `orgdns validate FILE` checks it, `orgdns try FILE` shows what an instance would get.

# The name of this installation, with which the names of all its resources begin. A second one, for example to try a new
# version, runs beside it under another name.
# installation: orgdns

organization:
  id: {organization}
  management_account: {management_account}
  # The accounts in these units, and in all units below them, get names. `accounts` can include and exclude some by id.
  units: {units}

# Where all events arrive. This account must be the delegated administrator of StackSets.
hub:
  account: {hub_account}
  region: {hub_region}

# The account that owns the private hosted zones.
network:
  account: {network_account}

spokes:
  regions: {regions}

# More removals than this share and this number of names, or of a zone's VPCs within a day, wait for `orgdns approve`.
# An unreachable spoke keeps its names for `grace_days`.
guards:
  removal_share: 0.3
  removal_names: 10
  grace_days: 7

# What service control policies of your organization demand of every resource and role:
# resources:
#   tags: {{cost-center: "4711"}}
#   permissions_boundary: developer-boundary
#   role_path: /orgdns/

# A dry run: names are decided and stored, `orgdns pending` lists them, and nothing is written to any zone or VPC. Turn
# it on with `true`, or without these lines, and `orgdns deploy`.
publish: false
associate: false

zones:
{zones}

policy:
  # Names that no tag gives to anyone, whatever the rules say, beside well-known names such as wpad.
  # reserved: [db.{domain}]
  rules:
{rules}
"""
_EXISTING: Final = """\
# A zone that exists. orgdns never touches the records that people made in it by hand.
- domain: {domain}
  id: {id}
"""
_NEW: Final = """\
# A zone that the network stack creates. Route 53 requires one VPC of the networking account for a new private zone.
- domain: {domain}
  create:
    vpc: {vpc}
    region: {region}
"""
_ALL: Final = """\
  # Every VPC of the covered accounts and regions resolves the zone, except default VPCs.
  resolved_by:
    vpcs: all
"""
_TAGGED: Final = """\
  # The VPCs with this tag resolve the zone. Anyone who can tag a VPC can then make it resolve the zone.
  resolved_by:
    vpcs:
      - tag: {{tag: {key}, value: {value}}}
"""
_NONE: Final = """\
  # Without `resolved_by`, you associate VPCs with the zone.
"""
_RULES: Final = {
    UNIQUE: """\
# As Google Compute Engine does: unique by account and region, for everyone.
- name: everybody
  template: "{{name}}.{{region}}.{{account_name}}.{domain}"
  ttl: 60
""",
    SHORT: """\
# Short names for selected accounts. An instance that replaces another takes over its name, in any of these accounts.
- name: short-names
  accounts: {accounts}
  template: "{{name}}.{domain}"
  ttl: 30
  conflict: newest
""",
    BY_ID: """\
# A name that can never collide.
- name: by-id
  template: "{{instance_id}}.instances.{domain}"
  ttl: 300
""",
}


def configuration(answers: Mapping[str, str]) -> str:
    """The text of the file. The answers are complete; whether their values are right is for the loader to say.

    Raises:
        AnswerInvalid: if an answer has no form that a file can have.
    """
    domains = [domain for domain, _ in _zones(answers["zones"])]
    kinds = words(answers["names"])
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise AnswerInvalid(f"{unknown[0]!r} is not one of {', '.join(KINDS)}")
    rules = [
        _RULES[kind].format(domain=domains[0], accounts=_list(words(answers.get("short-accounts", ""))))
        for kind in dict.fromkeys(kinds)
    ]
    return _TEXT.format(
        organization=scalar(answers["organization"]),
        management_account=scalar(answers["management-account"]),
        units=_list(words(answers["units"])),
        hub_account=scalar(answers["hub-account"]),
        hub_region=scalar(answers["hub-region"]),
        network_account=scalar(answers["network-account"]),
        regions=_list(words(answers["regions"])),
        zones=_indented(_zone_texts(answers), 2),
        domain=domains[0],
        rules=_indented(rules, 4),
    )


def _zones(answer: str) -> list[tuple[str, str]]:
    """The domain of each zone, and its id or its VPC."""
    zones = [(domain, source) for domain, _, source in (word.partition("=") for word in words(answer))]
    if not zones or not all(domain and source for domain, source in zones):
        raise AnswerInvalid(
            "write DOMAIN=ZONE_ID, DOMAIN=VPC or DOMAIN=VPC@REGION, such as corp.internal=Z0123456789ABC"
        )
    return zones


def _zone_texts(answers: Mapping[str, str]) -> Iterator[str]:
    resolved_by = _resolved_by(answers["resolved-by"])
    for domain, source in _zones(answers["zones"]):
        vpc, _, region = source.partition("@")
        if vpc.startswith("vpc-"):
            region = region or answers["hub-region"]
            zone = _NEW.format(domain=scalar(domain), vpc=scalar(vpc), region=scalar(region))
        else:
            zone = _EXISTING.format(domain=scalar(domain), id=scalar(source))
        yield zone + resolved_by


def _resolved_by(answer: str) -> str:
    if answer in {"all", "none"}:
        return _ALL if answer == "all" else _NONE
    key, equals, value = answer.partition("=")
    if not (key and equals):
        raise AnswerInvalid(f"{answer!r} is not 'all', 'none' or a tag KEY=VALUE")
    return _TAGGED.format(key=scalar(key), value=scalar(value))


def _indented(texts: Iterable[str], spaces: int) -> str:
    return indent("".join(texts).rstrip("\n"), " " * spaces)


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(map(scalar, values))}]"


def scalar(text: str) -> str:
    """A text as YAML has it: plain if it cannot be anything else, otherwise in quotes."""
    plain = text.isascii() and text[:1].isalpha() and text.replace("-", "").replace(".", "").isalnum()
    if plain and text.lower() not in _WORDS:
        return text
    return yaml.safe_dump(text, default_style='"', width=inf).strip()


# What YAML 1.1 reads as something else than a text.
_WORDS: Final = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})
