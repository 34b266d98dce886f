"""Where instances run whose names do not resolve there: the report starts from instances, not from accounts' VPCs."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from hub.runtime.model.names import Millis, NameKey, Spoke
from hub.runtime.model.observation import Observation
from hub.runtime.model.resolver import ProfileZone
from hub.runtime.model.vpcs import (
    AssociatedZone,
    AssociationMethod,
    SharedVpc,
    Vpc,
    VpcRef,
    VpcRow,
    VpcsStatus,
    ZoneInVpc,
)
from orgdns.cli.render.coverage import show_coverage
from orgdns.cli.render.documents.coverage import coverage_document
from orgdns.cli.reports.coverage import Coverage
from orgdns.cli.reports.instance_vpcs import LISTED, VPCS, InstanceVpcs, KnownVpcs, instance_vpcs
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, SEARCH, VPC, claim, instance
from tests.support.memory_vpcs import NETWORK

REGION = "eu-central-1"
HOME = Spoke(PAYMENTS.id, REGION)
RESOLVES = ZoneInVpc(CORP_ZONE, CORP, AssociationMethod.ASSOCIATION, AssociationMethod.ASSOCIATION, managed=True)
LEFT_OUT = ZoneInVpc(CORP_ZONE, CORP)
BLOCKED = ZoneInVpc(CORP_ZONE, CORP, AssociationMethod.ASSOCIATION, blocked="LimitsExceeded")
# A VPC that resolves the zone, so that the zone is one whose VPCs are configured.
OTHER = VpcRow(
    VpcRef(SEARCH.id, REGION, "vpc-other"), vpc=Vpc(VpcRef(SEARCH.id, REGION, "vpc-other")), zones=(RESOLVES,)
)


def seen(number: int = 1, vpc_id: str = VPC) -> Observation:
    described = instance(number)
    interfaces = tuple(replace(interface, vpc_id=vpc_id) for interface in described.interfaces)
    return Observation(
        described.ref, Millis(1), (claim(number),), instance=replace(described, interfaces=interfaces), account=PAYMENTS
    )


def row(*zones: ZoneInVpc, account: str = PAYMENTS.id, **facts: object) -> VpcRow:
    ref = VpcRef(account, REGION, VPC)
    return VpcRow(ref, vpc=Vpc(ref, **facts), zones=zones)  # type: ignore[arg-type]  # a Vpc's own


def found(*rows: VpcRow, shared: str = "", covered: tuple[Spoke, ...] = (HOME,)) -> InstanceVpcs:
    statuses = [VpcsStatus(HOME, shared=(SharedVpc(VPC, shared),) if shared else ())]
    return instance_vpcs([seen()], KnownVpcs.of((*rows, OTHER), statuses, covered))


@pytest.mark.parametrize(
    "resolving",
    [
        row(RESOLVES),
        row(RESOLVES, account=SEARCH.id),
        row(LEFT_OUT, zones=(AssociatedZone(CORP_ZONE, CORP, NETWORK),)),
        row(LEFT_OUT, others_zones=(ProfileZone("rp-2", CORP_ZONE, CORP),)),
    ],
)
def test_names_that_resolve_are_not_reported(resolving: VpcRow) -> None:
    """It does not matter which account owns the VPC, or who made the association."""
    assert found(resolving) == InstanceVpcs()


@pytest.mark.parametrize(
    ("report", "owner", "reason", "trouble"),
    [
        (found(row(LEFT_OUT)), PAYMENTS.id, "policy does not select the VPC for the zone", False),
        (found(row(RESOLVES, dns_servers=("192.0.2.1",))), PAYMENTS.id, "instances ask 192.0.2.1, and orgdns", False),
        (
            found(row(LEFT_OUT, zones=(AssociatedZone(CORP_ZONE, CORP, NETWORK),), dns_support=False)),
            PAYMENTS.id,
            "enableDnsSupport of the VPC is off",
            False,
        ),
        (found(row(BLOCKED)), PAYMENTS.id, "LimitsExceeded", True),
        (found(row(BLOCKED, account=SEARCH.id)), SEARCH.id, "LimitsExceeded", True),
        (found(), "", "orgdns does not know the VPC: it is new, or belongs to an account that", True),
        (found(shared=NETWORK), NETWORK, f"account {NETWORK} owns the VPC and shares it, and orgdns does not", True),
        (
            found(shared=NETWORK, covered=(HOME, Spoke(NETWORK, REGION))),
            NETWORK,
            f"its VPCs are not described yet: see {NETWORK}/{REGION}",
            True,
        ),
    ],
)
def test_o3_why_names_do_not_resolve(report: InstanceVpcs, owner: str, reason: str, *, trouble: bool) -> None:
    """Each VPC has its owner as far as it is known, the accounts of its instances, and what to do."""
    (entry,) = report.unresolved
    assert reason in entry.reason
    assert (entry.owner, entry.trouble, report.well) == (owner, trouble, not trouble)
    assert (entry.accounts, entry.zones, entry.instances, entry.names) == ((PAYMENTS.id,), ("corp.internal",), 1, 1)


def test_zones_without_configured_vpcs_do_not_count() -> None:
    """The VPCs of such zones are left to others, and orgdns knows nothing of them."""
    assert instance_vpcs([seen()], KnownVpcs.of([], [], [HOME])) == InstanceVpcs()
    foreign = replace(seen(), claims=(replace(claim(), key=NameKey("Z0OTHER", claim().key.fqdn)),))
    assert instance_vpcs([foreign], KnownVpcs.of([OTHER], [], [HOME])) == InstanceVpcs()


def test_what_has_no_names_or_cannot_be_read() -> None:
    """An ended instance does not count. An instance whose row cannot be read is counted, and nothing else stops."""
    known = KnownVpcs.of([OTHER], [], [HOME])
    assert instance_vpcs([replace(seen(), ended=True), replace(seen(), claims=())], known) == InstanceVpcs()
    report = instance_vpcs([None, seen()], known)
    assert (report.unreadable, len(report.unresolved), report.well) == (1, 1, False)


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 300)), max_size=600, unique_by=lambda pair: pair[0]))
def test_report_is_bounded_and_counts_everything(places: list[tuple[int, int]]) -> None:
    """However many VPCs there are, the report stays small; what is left out is counted."""
    report = instance_vpcs((seen(number, f"vpc-{vpc}") for number, vpc in places), KnownVpcs.of([OTHER], [], [HOME]))
    assert len(report.unresolved) + report.more == len({vpc for _, vpc in places})
    assert len(report.unresolved) <= VPCS
    assert all(len(entry.accounts) <= LISTED for entry in report.unresolved)
    if not report.more:
        assert sum(entry.instances for entry in report.unresolved) == len(places)


def test_report_is_shown() -> None:
    """The text and the JSON have the same facts, and coverage is well if only policy is the reason."""
    report = Coverage((), (), found(shared=NETWORK))
    output = io.StringIO()
    show_coverage(Console(file=output, width=400, color_system=None), report, details=False, everything=False)
    assert (
        f"{VPC} of {NETWORK} in {REGION}: 1 names of 1 instances of {PAYMENTS.id} in corp.internal" in output.getvalue()
    )
    (entry,) = coverage_document(report)["unresolved_names"]
    assert (entry["vpc"], entry["owner"], entry["trouble"]) == (VPC, NETWORK, True)
    assert not report.well
    assert replace(report, instances=found(row(LEFT_OUT))).well
