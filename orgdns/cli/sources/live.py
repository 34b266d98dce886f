"""What Route 53 and EC2 show now, with an operator's credentials for the networking account and for instances."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime.aws.answers import AnswerMalformed, PageTokens, required, text
from hub.runtime.aws.instances import VALUES_A_FILTER, read_instance
from hub.runtime.aws.sessions import CLIENT_CONFIG
from hub.runtime.aws.zones import read_record_set
from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import Fqdn, InstanceRef, RecordSet
from hub.runtime.names.labels import unescaped
from hub.runtime.ports import ZoneRecordSets
from orgdns.cli.reports.explain.live import LiveReport, NotAsked, compared_instance, compared_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hub.runtime.model.names import ForeignRecordSet, Instance, Millis, Spoke
    from hub.runtime.model.observation import Observation
    from hub.runtime.model.owner import Owner
    from orgdns.cli.reports.explain.claims import NameReport

_FAULTS: Final = (ClientError, BotoCoreError, AnswerMalformed)
# Hardly any name has more record sets. A page of Route 53 has up to three times as many.
_A_PAGE: Final = "100"


@dataclass(frozen=True, slots=True)
class LiveAws:
    """Sessions with the networking account and with accounts of instances. AWS is called only by the methods."""

    network: boto3.Session
    accounts: Sequence[boto3.Session]
    region: str
    owner: Owner
    _identities: dict[int, str | NotAsked] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls, hub: boto3.Session, network_profile: str | None, account_profiles: Sequence[str], owner: Owner
    ) -> LiveAws:
        """The sessions of these profiles, or else that of the hub. `owner` is that of the installation's records.

        Raises:
            BotoCoreError: if there is no such profile.
        """
        network = boto3.Session(profile_name=network_profile) if network_profile else hub
        accounts = [boto3.Session(profile_name=profile) for profile in account_profiles]
        return cls(network, (*accounts, *([] if accounts else [hub])), hub.region_name, owner)

    def zone(self, zone_id: str, fqdn: Fqdn) -> ZoneRecordSets | NotAsked:
        """The record sets that the zone has under a name now."""
        try:
            client = self.network.client("route53", region_name=self.region, config=CLIENT_CONFIG)
            listed = _record_sets(client, zone_id, fqdn)
            found = [replace(read_record_set(self.owner, each), fqdn=fqdn) for each in listed]
        except _FAULTS as fault:
            return NotAsked(
                f"give --network-profile a profile of the networking account that may call "
                f"route53:ListResourceRecordSets for the zone. AWS says: {fault}"
            )
        owned = sorted(each for each in found if isinstance(each, RecordSet))
        foreign: list[ForeignRecordSet] = [each for each in found if not isinstance(each, RecordSet)]
        return ZoneRecordSets(tuple(owned), tuple(foreign))

    def instances(self, refs: Iterable[InstanceRef]) -> Mapping[InstanceRef, Instance | Unreadable | NotAsked | None]:
        """The instances as EC2 shows them now; None for one that it does not show."""
        by_spoke: dict[Spoke, list[InstanceRef]] = {}
        for ref in refs:
            by_spoke.setdefault(ref.spoke, []).append(ref)
        found: dict[InstanceRef, Instance | Unreadable | NotAsked | None] = {}
        for spoke, of_spoke in by_spoke.items():
            described = self._described(spoke, [ref.id for ref in of_spoke])
            if isinstance(described, NotAsked):
                found |= dict.fromkeys(of_spoke, described)
            else:
                # One without a readable id may be any of them.
                found |= {ref: described.get(ref.id, described.get("")) for ref in of_spoke}
        return found

    def _described(self, spoke: Spoke, instance_ids: Sequence[str]) -> dict[str, Instance | Unreadable] | NotAsked:
        session = self._session_of(spoke.account)
        if isinstance(session, NotAsked):
            return session
        found: dict[str, Instance | Unreadable] = {}
        try:
            client = session.client("ec2", region_name=spoke.region, config=CLIENT_CONFIG)
            for ids in chunks(sorted(instance_ids), VALUES_A_FILTER):
                pages = client.get_paginator("describe_instances").paginate(
                    Filters=[{"Name": "instance-id", "Values": list(ids)}], IncludeManagedResources=True
                )
                for page in pages:
                    for reservation in required(page, "Reservations"):
                        for each in (read_instance(spoke, one) for one in required(reservation, "Instances")):
                            found[each.what if isinstance(each, Unreadable) else each.ref.id] = each
        except _FAULTS as fault:
            return NotAsked(
                f"give --account-profile a profile of the account {spoke.account} that may call "
                f"ec2:DescribeInstances in {spoke.region}. AWS says: {fault}"
            )
        return found

    def _session_of(self, account_id: str) -> boto3.Session | NotAsked:
        """The session of an account. With another one, EC2 would show nothing, as if the instance had ended."""
        others: list[str] = []
        for session in self.accounts:
            match self._account_of(session):
                case NotAsked() as fault:
                    others.append(fault.reason)
                case known if known == account_id:
                    return session
                case known:
                    others.append(f"these credentials belong to {known}")
        return NotAsked(
            f"give --account-profile a profile of the account {account_id}: {'; '.join(dict.fromkeys(others))}"
        )

    def _account_of(self, session: boto3.Session) -> str | NotAsked:
        if id(session) not in self._identities:
            try:
                client = session.client("sts", region_name=self.region, config=CLIENT_CONFIG)
                self._identities[id(session)] = text(client.get_caller_identity(), "Account")
            except _FAULTS as fault:
                self._identities[id(session)] = NotAsked(f"AWS says: {fault}")
        return self._identities[id(session)]


def live_report(
    aws: LiveAws,
    rows: Mapping[InstanceRef, Observation | Unreadable | None],
    names: Iterable[NameReport],
    asked_at: Millis,
) -> LiveReport:
    """Ask AWS about instances, of which these are the ledger's rows, and about names, and compare."""
    instances = aws.instances(rows)
    of_names = {report.key: report for report in names}
    return LiveReport(
        asked_at,
        (
            *(compared_name(report, aws.zone(key.zone_id, key.fqdn)) for key, report in of_names.items()),
            *(compared_instance(ref, row, instances[ref]) for ref, row in rows.items()),
        ),
    )


def _record_sets(client: Any, zone_id: str, fqdn: Fqdn) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - read defensively
    """The record sets under a name, page by page. The listing begins at the name, in the order of reversed labels."""
    request = {"HostedZoneId": zone_id, "StartRecordName": fqdn, "MaxItems": _A_PAGE}
    tokens = PageTokens()
    while True:
        page = client.list_resource_record_sets(**request)
        for described in required(page, "ResourceRecordSets"):
            name = described.get("Name", "") if isinstance(described, dict) else ""
            if name and unescaped(name) != fqdn:
                return
            yield described
        if not required(page, "IsTruncated"):
            return
        request |= {
            "StartRecordName": required(page, "NextRecordName"),
            "StartRecordType": required(page, "NextRecordType"),
        }
        request.pop("StartRecordIdentifier", None)
        if page.get("NextRecordIdentifier"):
            request["StartRecordIdentifier"] = page["NextRecordIdentifier"]
        tokens.once(request)
