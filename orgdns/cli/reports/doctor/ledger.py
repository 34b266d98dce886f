"""Checks of the ledger's table and of its stream. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from orgdns.cli.reports.doctor.finding import Verdict, problem
from orgdns.cli.reports.ledger_stream import history_faults, ledger_faults

if TYPE_CHECKING:
    from hub.runtime.installation import Names
    from orgdns.cli.reports.doctor.facts import Bucket, Stream, Table

# A table that changes, or whose key for encryption does, can be used ("TableDescription",
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html).
_USABLE: Final = frozenset({"ACTIVE", "UPDATING"})
_ENABLED: Final = "ENABLED"


def table(found: Table) -> Verdict:
    """The table can be used, and cannot be deleted by mistake."""
    if not found.status:
        return problem(f"there is no table {found.name}: see docs/restore.md")
    problems: list[str] = []
    if found.status not in _USABLE:
        problems.append(f"the table {found.name} is {found.status}: see docs/restore.md")
    if not found.protected:
        problems.append(
            f"the table {found.name} is not protected from deletion: aws dynamodb update-table --table-name "
            f"{found.name} --deletion-protection-enabled"
        )
    return Verdict(f"{found.name} is {found.status}, and protected from deletion", tuple(problems))


def backups(state: str, names: Names) -> Verdict:
    """The table can be restored to a point in time."""
    if state == _ENABLED:
        return Verdict("point-in-time recovery is on")
    return problem(
        "point-in-time recovery is off: aws dynamodb update-continuous-backups --table-name "
        f"{names.ledger_table} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
    )


def expiry(attribute: str, names: Names) -> Verdict:
    """DynamoDB deletes expired rows. A restored table does not have this setting."""
    if attribute == contract.EXPIRES:
        return Verdict(f"rows expire by the attribute {attribute}")
    return problem(
        f"rows do not expire by the attribute {contract.EXPIRES}, so the table grows: aws dynamodb "
        f"update-time-to-live --table-name {names.ledger_table} --time-to-live-specification "
        f"Enabled=true,AttributeName={contract.EXPIRES}"
    )


def stream(found: Stream) -> Verdict:
    """The publisher, and the historian if there is history, follow the table's stream, as `orgdns status` judges it."""
    faults = ledger_faults(found.table, found.mappings)
    if found.historian is None:
        return Verdict(f"the publisher follows {found.table.stream}", faults)
    of_historian = history_faults(found.table, found.historian, expected=True)
    return Verdict(f"the publisher and the historian follow {found.table.stream}", (*faults, *of_historian))


def history(found: Bucket) -> Verdict:
    """The bucket of history exists, is encrypted, and cannot be made public."""
    if not found.exists:
        return problem(
            f"there is no bucket {found.name}, so no history is kept: create one under this name, and deploy the hub "
            "template"
        )
    problems: list[str] = []
    if not found.encrypted:
        problems.append(f"the bucket {found.name} does not encrypt new objects: set its default encryption to SSE-S3")
    if not found.private:
        problems.append(
            f"the bucket {found.name} does not block all public access: aws s3api put-public-access-block --bucket "
            f"{found.name} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,"
            "BlockPublicPolicy=true,RestrictPublicBuckets=true"
        )
    return Verdict(f"{found.name} is encrypted, and blocks public access", tuple(problems))
