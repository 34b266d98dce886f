"""The results of the checks as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.reports.doctor.finding import Result

if TYPE_CHECKING:
    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.doctor.diagnosis import Diagnosis


def doctor_document(diagnosis: Diagnosis) -> Document:
    """Each check with its result, and how many have each."""
    return {
        "well": diagnosis.well,
        "checks": [
            {"check": found.check, "result": found.result.value, "text": found.text} for found in diagnosis.findings
        ],
        "fine": diagnosis.count(Result.FINE),
        "problems": diagnosis.count(Result.PROBLEM),
        "not_checked": diagnosis.count(Result.UNKNOWN),
    }
