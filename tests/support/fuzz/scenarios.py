"""What the functions do in the organization in memory: each scenario is an invocation in a state of everything."""

from __future__ import annotations

import pickle
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from hub.runtime import contract
from hub.runtime.boundary.chunks import chunks
from hub.runtime.contract import EVENTS_A_BATCH
from hub.runtime.history.objects import day_of, raw_prefix
from hub.runtime.messages import NotOurs, body_of_release, task_of
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.tasks import Associate, Audit, ScheduleAudits, ScheduleSweeps, Sweep
from hub.runtime.publisher.backlog.turnstile import ACCOUNT_BURST
from hub.runtime.publisher.planner import PROMPT_READ_ALONE
from tests.support.build import PAYMENTS, SEARCH
from tests.support.fuzz import messages
from tests.support.fuzz.aws import Aws, Spoiled
from tests.support.fuzz.functions import START, Functions, Response
from tests.support.fuzz.messages import Record, of_images, of_queue, of_stream, of_task
from tests.support.fuzz.mutations import Path
from tests.support.fuzz.organization import REGION, ZONES, Organization, instance, ref, vpc, vpc_id, with_instances
from tests.support.fuzz.table import Item
from tests.support.history import objects

_SPOKE: Final = Spoke(PAYMENTS.id, REGION)
# Numbers as large as these are times, in seconds or milliseconds.
_TIMES: Final = 10**9
# The first calls of each operation in a scenario have changed answers.
CALLS_SPOILED: Final = 3
# The rows that count what others hold.
_COUNTS: Final = frozenset({contract.SPOKES_KEY, contract.ZONES_KEY, contract.CONTROL_KEY})


@dataclass(frozen=True)
class Scenario:
    """An invocation of a function with these records in a state of everything."""

    name: str
    function: str
    records: tuple[Record, ...]
    state: bytes

    @property
    def organization(self) -> Organization:
        made: Organization = pickle.loads(self.state)  # noqa: S301 - our own bytes
        return made

    def run(
        self,
        functions: Functions,
        change: Callable[[Organization], object] | None = None,
        records: tuple[Any, ...] | None = None,
        spoiled: Spoiled | None = None,
        answers: defaultdict[str, set[Path]] | None = None,
    ) -> Outcome:
        """Invoke the function, with a change before it, with other records, or with a changed answer."""
        organization = self.organization
        if change:
            change(organization)
        aws = Aws(organization, spoiled, answers)
        response = functions.invoke(aws, self.function, *(self.records if records is None else records))
        return Outcome(organization, response, aws.calls)


@dataclass
class Outcome:
    """What a scenario came to."""

    organization: Organization
    response: Response
    calls: Counter[str]

    @cached_property
    def facts(self) -> dict[str, str]:
        """Each thing of the outcome and its content, without counts and times."""
        facts = {
            f"row {key}": repr(_timeless(_associations(item) if key[0] == contract.VPCS_KEY else item))
            for key, item in self.organization.table.items.items()
            if key[0] not in _COUNTS and (key[0] != contract.VPCS_KEY or "/vpc-" in key[1])
        }
        for zone_id, sets in self.organization.record_sets.items():
            facts |= {f"record set in {zone_id}: {record_set!r}": "" for record_set in sets}
        for what, of_vpcs in (("zones", self.organization.zones_of), ("Profiles", self.organization.profiles_of)):
            facts |= {f"{what} of {vpc}": repr(sorted(each)) for vpc, each in of_vpcs.items()}
        facts |= {f"without autodefined rules: {vpc}": "" for vpc in self.organization.disabled}
        facts |= {f"kept in {line}": "" for line in objects.lines(self.organization)}
        facts |= {f"sent: {task}": "" for body in self.organization.sent for task in _parts(body)}
        return facts

    @property
    def failed(self) -> set[str]:
        """The records that are delivered again."""
        return {failed["itemIdentifier"] for failed in self.response["batchItemFailures"]}

    @cached_property
    def things(self) -> set[str]:
        """What there is: rows, without their content, and everything else with its content."""
        live = {
            f"row {key}" for key, item in self.organization.table.items.items() if item.get("live") != {"BOOL": False}
        }
        return {f"{what} {content}" for what, content in self.facts.items() if not what.startswith("row ")} | live

    def differences(self, other: Outcome, leave_out: Collection[str] = ()) -> dict[str, tuple[str, str]]:
        """What is otherwise in the other outcome, of everything that does not have these texts in its name."""
        return {
            what: (content, other.facts.get(what, "missing"))
            for what, content in self.facts.items()
            if other.facts.get(what) != content and not any(text in what for text in leave_out)
        }


def _associations(item: Item) -> Item:
    """What decides in the row of a VPC: what it was described as is for people, and says what could not be read."""
    return {name: value for name, value in item.items() if name.startswith(contract.ASSOCIATION_PREFIX)}


def _parts(body: str) -> Iterator[object]:
    """The tasks for each thing of a task that was sent."""
    try:
        task = task_of(body)
    except NotOurs:
        yield body
        return
    match task:
        case Associate(spoke, vpcs):
            yield from (Associate(spoke, (vpc,)) for vpc in vpcs)
        case Audit(zone_ids):
            yield from (Audit((zone_id,)) for zone_id in zone_ids)
        case _:
            yield task


def _timeless(value: Any) -> Any:  # noqa: ANN401 - any attribute
    match value:
        case {"N": str(number)} if abs(float(number)) >= _TIMES:
            return "a time"
        case dict():
            # A generation is random.
            return {name: _timeless(each) for name, each in sorted(value.items()) if name != "generation"}
        case list():
            return [_timeless(each) for each in value]
        case _:
            return value


@dataclass(frozen=True)
class Recorded:
    """The scenarios that call each operation, with the numbers of the calls, and the paths of the answers."""

    calling: Mapping[str, list[tuple[str, int]]]
    answers: Mapping[str, set[Path]]


class Scenarios:
    """All scenarios. Each begins where the functions themselves have come to before."""

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        self.all: dict[str, Scenario] = {}
        organization = with_instances(1, 2, 3, 5)
        organization.instances[SEARCH.id] = [instance(6, SEARCH.id)]
        self._work(organization, [of_queue(number, messages.state_change(number)) for number in (1, 2, 3, 5)])
        self._later(organization)
        self._associations(organization)
        self._history(organization)

    def _add(self, name: str, function: str, organization: Organization, *records: Record) -> None:
        self.all[name] = Scenario(name, function, records, pickle.dumps(organization))

    def _work(self, organization: Organization, records: list[Record]) -> None:
        """Bring a new organization to rest: names are published, VPCs associated, zones audited."""
        self._add("first events", "observer", organization, *records)
        self._invoke(organization, "observer", *records)
        stream = of_stream(key for key in sorted(organization.table.items) if key[0].startswith(contract.NAME_PREFIX))
        # A run with more names would leave some of them to the backlog: others if one record is odd.
        first, *others = chunks(stream, PROMPT_READ_ALONE)
        self._add("first claims", "publisher", organization, *first)
        for part in (first, *others):
            self._invoke(organization, "publisher", *part)
        for account in (PAYMENTS.id, SEARCH.id):
            self._invoke(organization, "sweeper", of_task(1, Sweep(Spoke(account, REGION))))
        self._invoke(organization, "sweeper", of_task(1, Audit(tuple(ZONES.values()))))
        vpcs = tuple(vpc_id(PAYMENTS.id, number) for number in (1, 2))
        associate = of_task(1, Associate(_SPOKE, vpcs))
        self._add("new VPCs", "associator", organization, associate)
        self._invoke(organization, "associator", associate)
        self._invoke(organization, "sweeper", of_task(1, ScheduleSweeps()), of_task(2, ScheduleAudits()))
        organization.sent.clear()

    def _later(self, organization: Organization) -> None:
        """An instance is renamed, one is stopped, one is new, and one has ended."""
        paused: Item = {"paused": {"BOOL": True}, "reason": {"S": "a reason"}, "at": {"N": "1800000000000"}}
        paused |= {contract.PARTITION_KEY: {"S": contract.CONTROL_KEY}, contract.SORT_KEY: {"S": contract.PAUSE_KEY}}
        self._add("nothing new", "sweeper", organization, of_task(1, Sweep(_SPOKE)))
        shown = organization.instances[PAYMENTS.id]
        shown[1] = instance(2, Tags=[{"Key": "Name", "Value": "admin2"}])
        shown[2] = instance(3, State={"Code": 80, "Name": "stopped"})
        shown[3] = instance(4)
        events = (
            messages.state_change(1),
            messages.tag_change(f"instance/{shown[1]['InstanceId']}", {"Name": "admin2"}),
            messages.state_change(3, "stopped"),
            messages.state_change(4),
            messages.state_change(5, "terminated"),
            messages.state_change(6, account=SEARCH.id),
            messages.call(contract.STATE_SOURCE, "AttachNetworkInterface", networkInterfaceId="eni-1"),
        )
        records = [of_queue(number, event) for number, event in enumerate(events)]
        self._add("events", "observer", organization, *records)
        # A full batch. Two of its events are in the queue, and are received by the observer itself.
        again = [of_queue(number, messages.state_change(1)) for number in range(len(records), EVENTS_A_BATCH + 2)]
        organization.waiting = [record["body"] for record in records[:2]]
        self._add("burst", "observer", organization, *records[2:], *again)
        organization.waiting = []
        self._add("sweep", "sweeper", organization, of_task(1, Sweep(_SPOKE)))
        self._add("sweep after a call", "sweeper", organization, of_task(1, Sweep(_SPOKE, after_call=True)))
        self._add("schedule again", "sweeper", organization, of_task(1, ScheduleSweeps()))
        # Without a cursor, all spokes are swept.
        cursor = organization.table.items.pop((contract.CONTROL_KEY, contract.CURSOR_KEY))
        self._add("schedule", "sweeper", organization, of_task(1, ScheduleSweeps()), of_task(2, ScheduleAudits()))
        organization.table.items[contract.CONTROL_KEY, contract.CURSOR_KEY] = cursor
        corp = organization.record_sets[ZONES["corp.internal."]]
        corp[:] = [each for each in corp if not each["Name"].startswith("web1.")]
        self._add("audit", "sweeper", organization, of_task(1, Audit(tuple(ZONES.values()))))
        change = messages.record_change(ZONES["corp.internal."], "web1.corp.internal.", "web2.corp.internal.")
        self._add("records changed", "sweeper", organization, of_queue(1, change))
        self._invoke(organization, "observer", *records)
        self._invoke(organization, "sweeper", of_queue(1, change))
        stream = of_stream(key for key in sorted(organization.table.items) if key[0].startswith(contract.NAME_PREFIX))
        # No more than an account may change at once.
        first, *others = chunks(stream, ACCOUNT_BURST)
        self._add("claims", "publisher", organization, *first)
        for part in others:
            self._add("further claims", "publisher", organization, *part)
        organization.table.items[contract.CONTROL_KEY, contract.PAUSE_KEY] = paused
        self._add("claims during a pause", "publisher", organization, *stream)
        paused["paused"] = {"BOOL": False}
        self._add("claims after a pause", "publisher", organization, *stream)
        self._backlog(organization)

    def _backlog(self, organization: Organization) -> None:
        """An account changes names faster than its rate allows; some names come back from the backlog."""
        zone = ZONES["corp.internal."]
        many = [
            (f"{contract.NAME_PREFIX}{zone}#many{number}.corp.internal.", f"{contract.CLAIM_PREFIX}{ref(number)}")
            for number in range(40)
        ]
        self._add("names above a rate", "publisher", organization, *of_stream(many))
        self._invoke(organization, "publisher", *of_stream(many))
        organization.sent.clear()
        releases = [
            of_queue(number, body_of_release(messages.release(number, marked=number == 1))) for number in (1, 2)
        ]
        self._add("release", "publisher", organization, *releases)
        self._invoke(organization, "publisher", *releases)
        released = of_stream(key for key in sorted(organization.table.items) if key[1] == contract.RELEASED_KEY)
        self._add("released names", "publisher", organization, *released)

    def _associations(self, organization: Organization) -> None:
        """A VPC leaves the zones, one is gone, and one is new."""
        tagged = vpc(PAYMENTS.id, 1) | {"Tags": [{"Key": "dns", "Value": "private"}]}
        organization.vpcs[PAYMENTS.id] = [tagged, vpc(PAYMENTS.id, 3) | {"DhcpOptionsId": "dopt-2"}]
        self._add("sweep of VPCs", "sweeper", organization, of_task(1, Sweep(_SPOKE)))
        self._invoke(organization, "sweeper", of_task(1, Sweep(_SPOKE)))
        vpcs = tuple(vpc_id(PAYMENTS.id, number) for number in (1, 2))
        self._add("VPCs", "associator", organization, of_task(1, Associate(_SPOKE, vpcs)))
        call = messages.call(contract.STATE_SOURCE, "ModifyVpcAttribute", vpcId=vpc_id(PAYMENTS.id, 3))
        tagged_event = messages.tag_change(f"vpc/{vpc_id(SEARCH.id)}", {"dns": "public"}, SEARCH.id)
        self._add("events of VPCs", "associator", organization, of_queue(1, call), of_queue(2, tagged_event))

    def _history(self, organization: Organization) -> None:
        """Changes are kept, and the day before is compacted, of which there are three batches."""
        first, *others = chunks(of_images(item for _, item in sorted(organization.table.items.items())), 20)
        self._add("first changes", "historian", organization, *first)
        for part in (first, *others):
            self._invoke(organization, "historian", *part)
        today, yesterday = (raw_prefix(day_of(Millis(int(at) * 1_000))) for at in (START, START - 86_400))
        for key, content in list(organization.objects.items())[:3]:
            organization.objects[key.replace(today, yesterday)] = content
        self._add("changes", "historian", organization, *others[0])

    def _invoke(self, organization: Organization, function: str, *records: Record) -> None:
        failed = self.functions.failed(organization, function, *records)
        assert not failed, (function, failed)

    @cached_property
    def recorded(self) -> Recorded:
        """What all scenarios call."""
        calling: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        answers: defaultdict[str, set[Path]] = defaultdict(set)
        for scenario in self.all.values():
            for operation, number in scenario.run(self.functions, answers=answers).calls.items():
                calling[operation] += [(scenario.name, call) for call in range(min(number, CALLS_SPOILED))]
        return Recorded(calling, answers)
