"""The files of a day: what each has in it, and how it comes into the bucket.

A file is written to the disk before it is uploaded, so that memory stays flat. PutObject takes up to 5 GB ("Uploading
objects", https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html); the names of a million instances
have 0.2.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime.model.names import Fqdn
from orgdns.cli.exporting import ALL_ROWS, Export, ExportFormat
from orgdns.cli.reports.inventory.hosts import LeftOut
from orgdns.cli.reports.inventory.options import Options, selection_of
from orgdns.cli.sources.inventory.groups import StoredGroups
from orgdns.cli.sources.inventory.inventory import InventorySource
from orgdns.cli.sources.reporting.organization import read_report
from orgdns.report.document import report_document
from orgdns.report.page import page

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from hub.runtime.model.names import Millis
    from orgdns.cli.sources.hub import Hub
    from orgdns.cli.sources.reporting.organization import Stated

# The report. All other files are exports.
REPORT: Final = "html"
# Beside the folder of each day: the files that were written last.
LATEST: Final = "latest"


@dataclass(frozen=True, slots=True)
class Kind:
    """The name and the type of a file in the bucket."""

    name: str
    type: str


_TEXT: Final = "text/plain; charset=utf-8"
_JSON: Final = "application/json"
# By the file's name in the configuration. A zone file is of one zone, so there is none.
KINDS: Final = {
    REPORT: Kind("report.html", "text/html; charset=utf-8"),
    ExportFormat.CSV: Kind("names.csv", "text/csv; charset=utf-8"),
    ExportFormat.JSON: Kind("names.json", _JSON),
    ExportFormat.HOSTS: Kind("hosts", _TEXT),
    ExportFormat.ANSIBLE: Kind("ansible.json", _JSON),
    ExportFormat.PROMETHEUS: Kind("prometheus.json", _JSON),
    ExportFormat.SSH: Kind("ssh_config", _TEXT),
}


class NotStored(Exception):
    """A file did not reach the bucket. The message has AWS's reason."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The bucket of the files, and the account that must own it."""

    client: S3Client
    name: str
    owner: str

    def put(self, key: str, file: IO[bytes], kind: Kind) -> None:
        """Store a file.

        Raises:
            NotStored: if it is not known that it was stored.
        """
        file.seek(0)
        try:
            self.client.put_object(
                Bucket=self.name, Key=key, Body=file, ContentType=kind.type, ExpectedBucketOwner=self.owner
            )
        except (ClientError, BotoCoreError) as error:
            raise NotStored(f"cannot write {key} into {self.name}: {error}") from error


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was stored.

    `left_out` is how many names are not in it, because nobody can read them, or because the format cannot hold them.
    """

    key: str
    bytes: int
    left_out: int


def write_file(file: str, hub: Hub, bucket: Bucket, stated: Stated, now: Millis) -> Written:
    """Write a file, which `KINDS` has, into the folder of the day and into that of the latest files.

    Raises:
        HubUnknown: if a part of the hub cannot be read.
        LedgerUnavailable: if the ledger cannot be read.
        NotStored: if the bucket did not take it.
    """
    kind = KINDS[file]
    with TemporaryFile() as stored:
        left_out = _report(stored, hub, stated) if file == REPORT else _export(stored, ExportFormat(file), hub, now)
        size = stored.tell()
        day = datetime.fromtimestamp(now / 1_000, UTC).date().isoformat()
        for folder in (day, LATEST):
            bucket.put(f"{folder}/{kind.name}", stored, kind)
    return Written(f"{day}/{kind.name}", size, left_out)


def _report(stored: IO[bytes], hub: Hub, stated: Stated) -> int:
    stored.write(page(report_document(read_report(hub, stated, lambda _rows: None))).encode())
    return 0


def _export(stored: IO[bytes], output_format: ExportFormat, hub: Hub, now: Millis) -> int:
    source, left_out = InventorySource.of(hub), LeftOut()
    options = Options(published=output_format not in ALL_ROWS)
    selection = selection_of(options, source.known(options))
    export = Export(hub.names.installation, now, Fqdn(""), None)
    with source.read(selection, lambda _names, _units: None) as found, closing(StoredGroups()) as groups:
        for piece in export.texts(output_format, found.store, groups, left_out):
            stored.write(piece.encode())
        return found.unread.number + left_out.number
