"""checkov finds nothing in the templates that is not justified, and finds planted faults."""

from __future__ import annotations

import json

import pytest

from orgdns.cfn.rendering import Form
from tests.support.generated import read
from tests.support.lint.checkov import Report, checkov
from tests.support.lint.findings import Finding, unjustified, unneeded
from tests.support.lint.justified import CHECKOV
from tests.support.lint.templates import linted

PLANTED = ("planted/hub.json", "planted/spoke-account.json")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """One report on all templates, and on two with planted faults, because checkov takes seconds to start."""
    return checkov(
        linted() | dict(zip(PLANTED, (faulty_hub(), faulty_spoke()), strict=True)), tmp_path_factory.mktemp("c")
    )


def faulty_hub() -> str:
    """A hub whose ledger cannot be restored, and whose logs never expire."""
    template = read("hub", form=Form.JSON)
    ledger = template["Resources"]["Ledger"]["Properties"]
    ledger["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] = False
    del template["Resources"]["ObserverLogs"]["Properties"]["RetentionInDays"]
    return json.dumps(template)


def faulty_spoke() -> str:
    """A reader role with which a caller becomes an administrator."""
    template = read("spoke-account", form=Form.JSON)
    (statement,) = template["Resources"]["ReaderRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    statement["Action"] = ["iam:AttachRolePolicy", "iam:PassRole", "lambda:*"]
    del statement["Condition"]
    return json.dumps(template)


def test_templates(report: Report) -> None:
    """Every finding in a template of any configuration is justified."""
    found = {name: unjustified(of, CHECKOV) for name, of in report.findings.items() if name not in PLANTED}
    assert found == {name: [] for name in linted()}


def test_every_argument_is_needed(report: Report) -> None:
    """No argument is about a finding that no longer occurs."""
    found = set().union(*(of for name, of in report.findings.items() if name not in PLANTED))
    assert unneeded(found, CHECKOV) == []


def test_everything_is_read(report: Report) -> None:
    """Every template is parsed, and no comment in a template suppresses a check."""
    assert report.unread == 0
    assert report.skipped == 0
    assert report.passed > len(linted())


def test_planted_faults(report: Report) -> None:
    """The arguments for the real templates cover none of these faults."""
    hub, spoke = (set(unjustified(report.findings[name], CHECKOV)) for name in PLANTED)
    assert hub == {
        Finding("CKV_AWS_28", "AWS::DynamoDB::Table.Ledger"),
        Finding("CKV_AWS_66", "AWS::Logs::LogGroup.ObserverLogs"),
    }
    assert Finding("CKV_AWS_110", "AWS::IAM::Role.ReaderRole") in spoke
