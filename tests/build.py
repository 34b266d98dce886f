"""Builders of nouns, with defaults that a test overrides where it matters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hub import config
from hub.runtime.model import (
    Account,
    Claim,
    ConflictRule,
    Fqdn,
    Instance,
    InstanceRef,
    InstanceState,
    Millis,
    NameKey,
    RecordSet,
    RecordType,
)
from hub.runtime.policy import Policy

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "orgdns.example.yaml"
DOCUMENTS = Path(__file__).parent / "documents"

CORP = Fqdn("corp.internal.")
CORP_ZONE = "Z0CORPINTERNAL0EXAMPL"
ZONE_IDS: Mapping[Fqdn, str] = {CORP: CORP_ZONE, Fqdn("instances.internal."): "Z0INSTANCES0INTERNAL0"}

PAYMENTS = Account("444444444444", "payments")
SEARCH = Account("555555555555", "search")


def example_policy() -> Policy:
    return config.load(EXAMPLE).compiled_policy()


def ref(number: int = 1, account: str = PAYMENTS.id, region: str = "eu-central-1") -> InstanceRef:
    return InstanceRef(account, region, f"i-{number:017x}")


def instance(
    number: int = 1,
    *,
    name: str | None = "web",
    account: str = PAYMENTS.id,
    region: str = "eu-central-1",
    address: str | None = "",
    state: InstanceState = InstanceState.RUNNING,
    launched_at: int | None = None,
) -> Instance:
    return Instance(
        ref=ref(number, account, region),
        state=state,
        launched_at=Millis(number * 1000 if launched_at is None else launched_at),
        private_ipv4=f"10.0.{number // 250}.{number % 250 + 1}" if address == "" else address,
        tags=(("Name", name),) if name is not None else (),
    )


def key(name: str = "web", zone_id: str = CORP_ZONE) -> NameKey:
    return NameKey(zone_id, Fqdn(f"{name}.corp.internal."))


def claim(
    number: int = 1,
    *,
    name: str = "web",
    account: str = PAYMENTS.id,
    address: str | None = None,
    conflict: ConflictRule = ConflictRule.NEWEST,
    ttl: int = 60,
    launched_at: int | None = None,
) -> Claim:
    return Claim(
        key=key(name),
        instance=ref(number, account),
        values=((RecordType.A, (address or f"10.0.0.{number}",)),),
        ttl=ttl,
        conflict=conflict,
        rule="short-names",
        launched_at=Millis(number * 1000 if launched_at is None else launched_at),
    )


def record_set(number: int = 1, *, name: str = "web", address: str | None = None, ttl: int = 60) -> RecordSet:
    return RecordSet(key(name).fqdn, RecordType.A, ttl, (address or f"10.0.0.{number}",), ref(number).set_identifier)
