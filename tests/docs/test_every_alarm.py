"""Every alarm of the hub is made to fire and to clear by breaking the real thing."""

from __future__ import annotations

from importlib import import_module

from tests.support.build import ROOT
from tests.support.generated import of_type


def test_every_alarm_has_a_scenario() -> None:
    """The scenarios of tests/e2e/health, in `TRIED`, are those of the template's alarms, no more and no less."""
    alarms = {alarm["AlarmName"].removeprefix("orgdns-") for alarm in of_type("hub", "AWS::CloudWatch::Alarm").values()}
    others = sorted(path.stem for path in (ROOT / "tests/e2e/health").glob("test_*.py"))
    tried = [import_module(f"tests.e2e.health.{module}").TRIED for module in others]
    assert set().union(*tried) == alarms
