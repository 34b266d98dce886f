"""The JSON of `orgdns try` and `orgdns test`, and the JUnit XML of the latter. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from orgdns.cli.render.documents.fields import claim_fields, claim_name_fields, refusal_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orgdns.cli.render.documents.fields import Document
    from orgdns.trial.cases import CaseResult
    from orgdns.trial.decision import Outcome, Refused
    from orgdns.trial.running import Trial


def trial_document(trial: Trial) -> Document:
    """The document of `try --json`."""
    return _outcome(trial.outcome) | {
        "assumed": [{"fact": each.fact, "value": each.value, "reason": each.reason or None} for each in trial.defaults]
    }


def _outcome(outcome: Outcome) -> Document:
    instance, account = outcome.instance, outcome.account
    return {
        "instance": {
            "account": account.id,
            "account_label": account.label,
            "account_reason": account.reason or None,
            "units": list(account.units),
            "region": instance.ref.region,
            "id": instance.ref.id,
            "state": instance.state.value,
            "interfaces": [
                {"vpc": each.vpc_id, "subnet": each.subnet_id, "addresses": [*each.ipv4, *each.ipv6]}
                for each in instance.interfaces
            ],
            "tags": dict(instance.tags),
        },
        "no_names_because": outcome.nothing or None,
        "names": [
            claim_name_fields(claim)
            | {key: value for key, value in claim_fields(claim).items() if key not in {"launched_at", "running"}}
            | {"conflict": claim.conflict.value, "publish": claim.publish}
            for claim in outcome.decision.claims
        ],
        "refused": [_refused(each) for each in outcome.refused if not each.refusal.declined],
        "declined": [_refused(each) for each in outcome.refused if each.refusal.declined],
        "not_for_it": [{"rule": each.rule, "reason": each.reason} for each in outcome.silent],
    }


def _refused(refused: Refused) -> Document:
    return refusal_fields(refused.refusal) | {"to_do": refused.remedy or None}


def cases_document(results: Sequence[CaseResult]) -> Document:
    """The document of `test --json`."""
    failed = sum(not result.passed for result in results)
    return {
        "cases": len(results),
        "failed": failed,
        "results": [
            {
                "name": result.case.name,
                "line": result.case.line,
                "passed": result.passed,
                "differences": [
                    {"subject": each.subject, "expected": each.expected, "actual": each.actual}
                    for each in result.differences
                ],
                "instances": [
                    {"as": given.name} | _outcome(outcome)
                    for given, outcome in zip(result.case.given, result.outcomes, strict=True)
                ],
            }
            for result in results
        ],
    }


def junit(path: str, results: Sequence[CaseResult]) -> str:
    """The results as JUnit XML, which CI systems read. It has no times: a case takes none worth reporting."""
    failed = sum(not result.passed for result in results)
    lines = ['<?xml version="1.0" encoding="utf-8"?>']
    lines.append(f'<testsuite name="orgdns" tests="{len(results)}" failures="{failed}">')
    for result in results:
        case = f'<testcase name={_attribute(result.case.name)} file={_attribute(path)} line="{result.case.line}"'
        if result.passed:
            lines.append(f"  {case}/>")
            continue
        text = "\n".join(
            f"{each.subject}: expected {each.expected}; actual {each.actual}" for each in result.differences
        )
        lines.append(f"  {case}>")
        lines.append(f'    <failure message="{len(result.differences)} differences">{escape(_allowed(text))}</failure>')
        lines.append("  </testcase>")
    return "\n".join([*lines, "</testsuite>", ""])


def _attribute(text: str) -> str:
    return quoteattr(_allowed(text))


def _allowed(text: str) -> str:
    """The text without characters that XML 1.0 has no way to write."""
    return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in text)
