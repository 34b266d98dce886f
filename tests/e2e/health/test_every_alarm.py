"""Every alarm of the hub is made to fire and to clear by breaking the real thing."""

from __future__ import annotations

from tests.e2e.health import test_alarms_of_spokes, test_alarms_of_zones, test_path
from tests.support.generated import of_type


def test_every_alarm_has_a_scenario() -> None:
    """The scenarios of this folder are those of the template's alarms, no more and no less."""
    alarms = {alarm["AlarmName"].removeprefix("orgdns-") for alarm in of_type("hub", "AWS::CloudWatch::Alarm").values()}
    tried = {alarm for *_, alarm in test_path.STAGES.values()}
    tried |= test_alarms_of_spokes.SCENARIOS.keys() | test_alarms_of_zones.SCENARIOS.keys()
    tried |= test_alarms_of_zones.WAITING
    tried |= {queue.removeprefix("orgdns-") for queue in test_alarms_of_zones.DEAD_LETTERS}
    assert tried == alarms
