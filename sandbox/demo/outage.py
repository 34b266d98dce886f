"""A chapter about a part that breaks: orgdns reports it, the alarm fires, and everything recovers by itself."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import NEVER
from orgdns.cli.render.status import show_status
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.status.problems import problems
from orgdns.cli.reports.times import time
from sandbox.demo.story import CORP, FRANKFURT, Story, hub_account
from sandbox.example import NETWORK, PAYMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orgdns.cli.reports.status.overview import Overview
    from sandbox.world import World

_ALARM: Final = NAMES.of("zones-closed")
_CHANGE: Final = "route53:ChangeResourceRecordSets"
_KIND: Final = "zones-closed"
# The names of an instance of Payments: two in one zone, and one in the other.
_NAMES: Final = 3
# Minutes. The schedule and the heartbeats run every five minutes, and the alarm looks at ten.
_SOON: Final = 15


def lost_permission(story: Story) -> None:
    """The writer role may not change the zones for a while."""
    made = story.world
    story.chapter(
        "A permission is lost: orgdns reports it, and recovers",
        f"Someone in the networking account denies {_CHANGE} to the writer role. New names wait. Minutes later "
        "'orgdns status' says which zones are closed, since when and why, and an alarm fires. When the permission "
        "returns, the names are published, and the alarm clears. Nobody has to do anything in orgdns.",
    )
    _minutes(story, "before that, all is well", lambda: not problems(_status(made)) and not _firing(made))
    name = f"billing.{CORP}"
    denied_at = int(story.clock.now() * 1_000)
    with denied(made, NETWORK, NAMES.writer_role, _CHANGE):
        (instance,) = made.launch(PAYMENTS, FRANKFURT, "billing")
        made.converge()
        story.does_not_exist(name)
        _minutes(story, f"the alarm {_ALARM} fires", lambda: _firing(made) == {_ALARM})
        state = _status(made)
        story.command("orgdns status", lambda screen: show_status(screen, state, everything=False))
        _check_report(story, state, denied_at)
    story.remark("The permission returns:")
    address = {made.address(PAYMENTS, FRANKFURT, instance)}
    _minutes(story, "the name is published", lambda: made.resolve(name, story.vpc) == address)
    story.answers(name, address)
    _minutes(story, "the alarm clears", lambda: not _firing(made))
    state = _status(made)
    story.check("'orgdns status' says that all is well, and exits with 0", holds=not problems(state))
    refused = {call.action for call in made.guard.denied}
    story.check(f"only {_CHANGE} was denied meanwhile", holds=refused == {_CHANGE})
    made.guard.denied.clear()


def _check_report(story: Story, state: Overview, denied_at: int) -> None:
    """Check that the report says which zones are closed, since when, why, and how many names wait."""
    zone_ids = set(story.world.zone_ids.values())
    closed = [problem for problem in problems(state) if problem.kind == _KIND]
    story.check(
        f"the report names both zones and the reason, and exits with {ATTENTION}",
        holds=[set(each.affected) for each in closed] == [zone_ids]
        and all(_CHANGE in line for each in closed for line in each.lines),
    )
    zones = [zone for zone in state.zones if zone.closed_since]
    since = min((zone.closed_since for zone in zones), default=NEVER)
    story.check(
        f"the zones are closed since {time(since)}, minutes after the permission was lost",
        holds=0 <= since - denied_at <= _SOON * 60_000,
    )
    names = sum(zone.closed_names for zone in zones)
    story.check(f"the {names} names of the new instance wait", holds=names == _NAMES)


def _minutes(story: Story, what: str, holds: Callable[[], bool]) -> None:
    """Let minutes pass until something holds, and check that it soon does."""
    passed = 0
    while not (held := holds()) and passed < _SOON:
        story.world.pass_time(1)
        passed += 1
    story.check(f"{what} [cyan]({passed} minutes later)[/]" if passed else what, holds=held)


@contextmanager
def denied(made: World, account: str, role: str, *actions: str) -> Iterator[None]:
    """Deny a role some actions, whatever its policies allow, as a policy that somebody attaches to it does."""
    iam = made.client("iam", account)
    statement = {"Effect": "Deny", "Action": list(actions), "Resource": "*"}
    policy = {"RoleName": role, "PolicyName": "denied"}
    iam.put_role_policy(**policy, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    try:
        yield
    finally:
        iam.delete_role_policy(**policy)


def _status(made: World) -> Overview:
    """What `orgdns status` reports now."""
    account = hub_account(made)
    return account.status(account.ledger())


def _firing(made: World) -> set[str]:
    """The alarms that are in ALARM."""
    return made.alarms.firing(made.config.hub.account, made.config.hub.region)
