"""Builders of nouns with defaults, which a test overrides where they matter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import (
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
    RecordSet,
    RecordType,
)
from hub.runtime.observer.events import Hint, event_of
from hub.runtime.policy.coverage import Coverage
from hub.runtime.policy.decide import Policy
from orgdns.config.load import load

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "orgdns.example.yaml"
DOCUMENTS = Path(__file__).parent / "documents"
# The functions of the example, which writes no files every day.
FUNCTIONS = tuple(function for function in NAMES.functions if function != NAMES.reporter_function)

CORP = Fqdn("corp.internal.")
CORP_ZONE = "Z0CORPINTERNAL0EXAMPL"
ZONE_IDS: Mapping[Fqdn, str] = {CORP: CORP_ZONE, Fqdn("instances.internal."): "Z0INSTANCES0INTERNAL0"}

VPC, SUBNET = "vpc-11111111111111111", "subnet-11111111111111111"

ROOT_UNIT, WORKLOADS, RESEARCH = "r-ab12", "ou-ab12-workload", "ou-ab12-research"
PAYMENTS = Account("444444444444", "payments", units=(ROOT_UNIT, WORKLOADS))
SEARCH = Account("555555555555", "search", units=(ROOT_UNIT, WORKLOADS))
SCIENCE = Account("666666666666", "data-science", units=(ROOT_UNIT, WORKLOADS, RESEARCH))


def covering(*regions: str) -> Coverage:
    """All accounts, in these regions."""
    return Coverage(frozenset(regions), frozenset({ROOT_UNIT}))


def example_policy() -> Policy:
    return load(EXAMPLE).compiled_policy()


def ref(number: int = 1, account: str = PAYMENTS.id, region: str = "eu-central-1") -> InstanceRef:
    return InstanceRef(account, region, f"i-{number:017x}")


def hint_of(body: str, attempt: int = 1) -> Hint:
    """The hint in an event, which must not be a call."""
    event = event_of(body, attempt)
    assert isinstance(event, Hint)
    return event


def instance(  # noqa: PLR0913 - a builder has a default for each
    number: int = 1,
    *,
    name: str | None = "web",
    account: str = PAYMENTS.id,
    region: str = "eu-central-1",
    address: str | None = "",
    state: InstanceState = InstanceState.RUNNING,
    launched_at: int | None = None,
    tags: Mapping[str, str] | None = None,
    interfaces: tuple[Interface, ...] | None = None,
) -> Instance:
    shown = f"10.0.{number // 250}.{number % 250 + 1}" if address == "" else address
    named = ({"Name": name} if name is not None else {}) | dict(tags or {})
    return Instance(
        ref=ref(number, account, region),
        state=state,
        launched_at=Millis(number * 1000 if launched_at is None else launched_at),
        az=f"{region}a",
        interfaces=(interface(*([shown] if shown else [])),) if interfaces is None else interfaces,
        tags=tuple(sorted(named.items())),
    )


def interface(
    *ipv4: str, index: int = 0, ipv6: tuple[str, ...] = (), vpc_id: str = VPC, subnet_id: str = SUBNET
) -> Interface:
    return Interface(index, vpc_id, subnet_id, ipv4, ipv6)


def key(name: str = "web", zone_id: str = CORP_ZONE) -> NameKey:
    return NameKey(zone_id, Fqdn(f"{name}.corp.internal."))


def claim(  # noqa: PLR0913 - a builder has a default for each
    number: int = 1,
    *,
    name: str = "web",
    account: str = PAYMENTS.id,
    address: str | None = None,
    conflict: ConflictRule = ConflictRule.NEWEST,
    ttl: int = 60,
    launched_at: int | None = None,
    running: bool = True,
) -> Claim:
    return Claim(
        key=key(name),
        instance=ref(number, account),
        values=((RecordType.A, (address or f"10.0.{number >> 8}.{number & 255}",)),),
        ttl=ttl,
        conflict=conflict,
        rule="short-names",
        launched_at=Millis(number * 1000 if launched_at is None else launched_at),
        running=running,
    )


def record_set(number: int = 1, *, name: str = "web", address: str | None = None, ttl: int = 60) -> RecordSet:
    return RecordSet(
        key(name).fqdn,
        RecordType.A,
        ttl,
        (address or f"10.0.{number >> 8}.{number & 255}",),
        str(ref(number)),
    )
