"""The ledger's rows: their keys, and how nouns are written to them and read from them. Pure.

DynamoDB returns numbers as Decimal. A missing attribute is read as its default.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.boundary.schema import ATTRIBUTE, DRY_RUN, flag, number, text, texts
from hub.runtime.model.damping import Damping
from hub.runtime.model.names import (
    NEVER,
    Account,
    Claim,
    ConflictRule,
    Fqdn,
    Instance,
    InstanceRef,
    InstanceState,
    Interface,
    Millis,
    NameKey,
    RecordType,
    Refusal,
    Spoke,
)
from hub.runtime.model.observation import Observation, StoredClaim

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, Any]

# The facts of an instance that are plain text. A new one is stored without a change here.
_TEXT_FACTS: Final = frozenset(field.name for field in fields(Instance) if field.type == "str")


def name_key_of(partition_key: str) -> NameKey:
    """The name in the partition key of a name's rows.

    Raises:
        ValueError: if it is another key.
    """
    if not partition_key.startswith(contract.NAME_PREFIX):
        raise ValueError(f"{partition_key!r} is not the key of a name's rows")
    zone_id, fqdn = partition_key.removeprefix(contract.NAME_PREFIX).split("#", 1)
    return NameKey(zone_id, Fqdn(fqdn))


def name_pk(key: NameKey) -> str:
    """The partition of a name."""
    return f"{contract.NAME_PREFIX}{key.zone_id}#{key.fqdn}"


def spoke_pk(spoke: Spoke) -> str:
    """The partition of a spoke's instances."""
    return f"{contract.SPOKE_PREFIX}{spoke.account}#{spoke.region}"


def mark_key(key: NameKey) -> Row:
    """The key of the row by which an audit marks a name."""
    return {contract.PARTITION_KEY: name_pk(key), contract.SORT_KEY: contract.MARK_KEY}


def instance_of_claim(sort_key: str) -> InstanceRef:
    """The instance in the sort key of a claim."""
    return InstanceRef.parse(sort_key.removeprefix(contract.CLAIM_PREFIX))


def claim_key(key: NameKey, ref: InstanceRef) -> Row:
    """The key of the row of an instance's claim on a name."""
    return {contract.PARTITION_KEY: name_pk(key), contract.SORT_KEY: f"{contract.CLAIM_PREFIX}{ref}"}


def instance_key(ref: InstanceRef) -> Row:
    """The key of an instance's row."""
    return {contract.PARTITION_KEY: spoke_pk(ref.spoke), contract.SORT_KEY: f"{contract.INSTANCE_PREFIX}{ref.id}"}


def instance_of_row(row: Mapping[str, Any]) -> InstanceRef:
    """The instance in the key of its row."""
    _, account, region = row[contract.PARTITION_KEY].split("#")
    return InstanceRef(account, region, row[contract.SORT_KEY].removeprefix(contract.INSTANCE_PREFIX))


def observation_row(observation: Observation) -> Row:
    """The row of an instance, as last described."""
    row: Row = {
        **instance_key(observation.ref),
        "observed_at": observation.observed_at,
        "claims": [claim_row(claim) for claim in observation.claims],
        "ended": observation.ended,
        "settled": observation.settled,
        "version": observation.version,
    }
    if observation.instance and observation.account:
        row["facts"] = _facts_row(observation.instance, observation.account)
    if observation.withdrawing:
        row["withdrawing"] = [[key.zone_id, key.fqdn] for key in sorted(observation.withdrawing)]
    row |= {name: text for name, text in (("generation", observation.generation), ("fault", observation.fault)) if text}
    row |= damping_row(observation.damping) | in_dry_run(observation.claims)
    if observation.held:
        row["held"] = [[address, *names] for address, names in observation.held]
    if observation.refusals:
        row["refusals"] = [
            {"rule": refusal.rule, "reason": refusal.reason, "name": refusal.name, "declined": refusal.declined}
            | ({"limited": True} if refusal.limited else {})
            for refusal in observation.refusals
        ]
    return row


def observation_of(row: Mapping[str, Any]) -> Observation:
    """The observation in a row."""
    ref = instance_of_row(row)
    facts = row.get("facts")
    return Observation(
        ref=ref,
        observed_at=Millis(number(row["observed_at"])),
        claims=tuple(claim_of(claim) for claim in row["claims"]),
        ended=flag(row["ended"]),
        settled=flag(row["settled"]),
        version=number(row["version"]),
        instance=_instance(ref, facts) if facts else None,
        account=account_of(ref.account, facts["account"]) if facts else None,
        refusals=tuple(_refusal(refusal) for refusal in row.get("refusals", [])),
        withdrawing=frozenset(NameKey(zone_id, Fqdn(fqdn)) for zone_id, fqdn in row.get("withdrawing", [])),
        generation=text(row.get("generation", "")),
        fault=text(row.get("fault", "")),
        damping=damping_of(row),
        held=tuple((held[0], tuple(map(Fqdn, held[1:]))) for held in map(texts, row.get("held", ()))),
    )


def damping_row(damping: Damping) -> Row:
    """The attributes that say how often events changed something; none if they never did."""
    row: Row = {"changes_used": damping.used, "changes_at": damping.counted_at} if damping.used else {}
    return row | ({"damped_until": damping.until, "damped_reason": damping.reason} if damping.until else {})


def damping_of(row: Mapping[str, Any]) -> Damping:
    """How often events changed an instance or a VPC. What was written before that was counted has all changes left."""
    return Damping(
        used=number(row.get("changes_used", 0)),
        counted_at=Millis(number(row.get("changes_at", NEVER))),
        until=Millis(number(row.get("damped_until", NEVER))),
        reason=text(row.get("damped_reason", "")),
    )


def _facts_row(instance: Instance, account: Account) -> Row:
    return {name: getattr(instance, name) for name in _TEXT_FACTS} | {
        "state": instance.state.value,
        "launched_at": instance.launched_at,
        "interfaces": [
            {
                "device_index": interface.device_index,
                "vpc_id": interface.vpc_id,
                "subnet_id": interface.subnet_id,
                "ipv4": list(interface.ipv4),
                "ipv6": list(interface.ipv6),
            }
            for interface in instance.interfaces
        ],
        "tags": [list(tag) for tag in instance.tags],
        "account": account_row(account),
    }


def account_row(account: Account) -> Row:
    """The attributes of an account at the time of a decision."""
    return {"label": account.label, "reason": account.reason, "units": list(account.units)}


def account_of(account_id: str, row: Mapping[str, Any]) -> Account:
    """The account in a row."""
    label = None if row["label"] is None else text(row["label"])
    return Account(account_id, label, text(row["reason"]), units=texts(row["units"]))


def _instance(ref: InstanceRef, facts: Mapping[str, Any]) -> Instance:
    return Instance(
        ref=ref,
        state=InstanceState(facts["state"]),
        launched_at=Millis(number(facts["launched_at"])),
        interfaces=tuple(
            Interface(
                device_index=number(interface["device_index"]),
                vpc_id=text(interface["vpc_id"]),
                subnet_id=text(interface["subnet_id"]),
                ipv4=texts(interface["ipv4"]),
                ipv6=texts(interface["ipv6"]),
            )
            for interface in facts["interfaces"]
        ),
        tags=tuple((text(key), text(value)) for key, value in facts["tags"]),
        **{name: text(facts[name]) for name in _TEXT_FACTS & facts.keys()},
    )


def _refusal(row: Mapping[str, Any]) -> Refusal:
    return Refusal(row["rule"], row["reason"], row["name"], declined=row["declined"], limited=row.get("limited", False))


def claim_in(key: NameKey, row: Mapping[str, Any]) -> Claim | InstanceRef:
    """The claim on a name in a row of its own, or the instance whose claim it was, if the row is a tombstone."""
    ref = instance_of_claim(row[contract.SORT_KEY])
    if not row.get("live"):
        return ref
    claim = claim_of(row)
    if (claim.key, claim.instance) != (key, ref):
        raise ValueError(f"the row holds a claim of {claim.instance} on {claim.key.fqdn}")
    return claim


def claim_row(claim: Claim) -> Row:
    """The attributes of a claim."""
    return {
        "zone_id": claim.key.zone_id,
        "fqdn": claim.key.fqdn,
        "instance": str(claim.instance),
        "values": {record_type.value: list(values) for record_type, values in claim.values},
        "ttl": claim.ttl,
        "conflict": claim.conflict.value,
        "rule": claim.rule,
        "launched_at": claim.launched_at,
        **({} if claim.running else {"running": False}),
        **({} if claim.publish else {"publish": False}),
        **({"turned_on": claim_row(claim.turned_on)} if claim.turned_on else {}),
    } | {name: text for name, text in (("note", claim.note), ("label", claim.label)) if text}


def claim_of(row: Mapping[str, Any]) -> Claim:
    """The claim in a row."""
    return Claim(
        key=NameKey(text(row["zone_id"]), Fqdn(text(row["fqdn"]))),
        instance=InstanceRef.parse(row["instance"]),
        values=tuple((RecordType(name), tuple(map(text, values))) for name, values in sorted(row["values"].items())),
        ttl=number(row["ttl"]),
        conflict=ConflictRule(row["conflict"]),
        rule=text(row["rule"]),
        launched_at=Millis(number(row["launched_at"])),
        note=text(row.get("note", "")),
        label=text(row.get("label", "")),
        running=flag(row.get("running", True)),
        publish=flag(row.get("publish", True)),
        turned_on=claim_of(row["turned_on"]) if "turned_on" in row else None,
    )


def in_dry_run(claims: Iterable[Claim]) -> Row:
    """The attribute that keeps older versions, which would publish claims in dry run, from reading their rows."""
    return {} if all(claim.publish and not claim.turned_on for claim in claims) else {ATTRIBUTE: DRY_RUN}


def stored_claim_of(row: Mapping[str, Any]) -> StoredClaim:
    """What a row says of a claim. A row without a version is older than any."""
    found = claim_in(name_key_of(row[contract.PARTITION_KEY]), row)
    return StoredClaim(number(row.get("version", 0)), found if isinstance(found, Claim) else None)
