"""What holds of every case: nothing but an answer comes out, and everything else comes to the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from hub.runtime import contract
from sandbox.example import PAYMENTS
from tests.support.fuzz.aws import Spoiled
from tests.support.fuzz.extras import Case, stream_of
from tests.support.fuzz.functions import Functions
from tests.support.fuzz.messages import Record, of_queue
from tests.support.fuzz.mutations import REMOVED, Mutation, mutated
from tests.support.fuzz.organization import NINE, Organization, instance_id, vpc_id
from tests.support.fuzz.rows import Key
from tests.support.fuzz.scenarios import Outcome, Scenario, Scenarios
from tests.support.fuzz.table import Item

# The id of a thing that a listing shows, and what a scenario finds to be gone because the listing does not show it: the
# instance that ended, and the VPC that was deleted. A listing with a thing that has no identity does not say that.
_GONE = {
    "ec2.DescribeInstances": ("InstanceId", (instance_id(5), "web5.", "9.0.0.10.")),
    "ec2.DescribeVpcs": ("VpcId", (vpc_id(PAYMENTS, 2),)),
}
Differences = dict[str, tuple[str, str]]


@dataclass
class Properties:
    """The properties of the functions. What scenarios come to is kept."""

    functions: Functions
    scenarios: Scenarios
    _outcomes: dict[str, Outcome] = field(default_factory=dict)
    _indifferent: dict[Key, list[str]] = field(default_factory=dict)

    def outcome(self, name: str) -> Outcome:
        if name not in self._outcomes:
            self._outcomes[name] = self.scenarios.all[name].run(self.functions)
        return self._outcomes[name]

    def odd_answer(self, name: str, spoiled: Spoiled) -> Outcome:
        """The outcome of a scenario with a changed answer."""
        return self.scenarios.all[name].run(self.functions, spoiled=spoiled)

    def incomplete(self, name: str, spoiled: Spoiled) -> set[str]:
        """What a changed answer makes a scenario remove, which the answer as it was leaves as it is."""
        scenario = self.scenarios.all[name]
        before = Outcome(scenario.organization, {}, Counter())
        kept = before.things & self.outcome(name).things
        return kept - scenario.run(self.functions, spoiled=spoiled).things

    def odd_thing(self, case: Case, name: str, changes: Collection[Mutation]) -> Differences:
        """What comes to something else because AWS says something odd about a further thing."""
        scenario = self.scenarios.all[name]
        spoiled = Spoiled(case.operation, tuple(changes), about=case.extra.about, element=case.element)
        records = case.extra.records(scenario.records)
        with_odd = scenario.run(self.functions, case.extra.add, records, spoiled)
        # A message that is about the thing, too, comes again until the thing is done.
        of_thing = {each.get("messageId", "") for each in records if each not in scenario.records}
        return self._differences(name, with_odd, _unsure(case, changes), of_thing)

    def odd_message(self, name: str, body: dict[str, Any], changes: Collection[Mutation]) -> Differences:
        """What comes to something else because of one more message."""
        scenario = self.scenarios.all[name]
        content = mutated(body, changes)
        text = content if isinstance(content, str) else json.dumps(content, default=str)
        records = (of_queue(NINE, "" if content is REMOVED else text), *scenario.records)
        return self._differences(name, scenario.run(self.functions, records=records))

    def odd_record(self, name: str, record: Record, changes: Collection[Mutation]) -> Differences:
        """What comes to something else because of one more record of another form."""
        scenario = self.scenarios.all[name]
        odd = mutated(record, changes)
        records = (*scenario.records[:1], odd, *scenario.records[1:])
        return self._differences(name, scenario.run(self.functions, records=records))

    def odd_row(self, name: str, key: Key, item: Item) -> Differences:
        """What comes to something else because of one more row, which the publisher hears of."""
        scenario = self.scenarios.all[name]

        def add(organization: Organization) -> None:
            organization.table.items[key] = item

        with_row = scenario.run(self.functions, add, _with_change(scenario, key))
        return self._differences(name, with_row)

    def indifferent(self, key: Key, item: Item) -> list[str]:
        """The scenarios without the row in which it changes nothing else, if it can be read."""
        if key not in self._indifferent:
            without = [name for name, each in self.scenarios.all.items() if key not in each.organization.table.items]
            self._indifferent[key] = [name for name in sorted(without) if not self.odd_row(name, key, item)]
        return self._indifferent[key]

    def _differences(
        self, name: str, other: Outcome, leave_out: Collection[str] = (), of_thing: Collection[str] = ()
    ) -> Differences:
        before = self.outcome(name)
        again = other.failed - before.failed
        own = {f"message-{NINE}", *of_thing} | ({"delivered again"} if len(before.failed) else set())
        found = before.differences(other, leave_out)
        return found | ({f"delivered again: {again - own}": ("", "")} if again - own else {})


def _with_change(scenario: Scenario, key: Key) -> tuple[Record, ...]:
    of_stream = scenario.function == "publisher" and "dynamodb" in scenario.records[0]
    if not of_stream or not key[0].startswith(contract.NAME_PREFIX):
        return scenario.records
    return stream_of([key], scenario.records)


def _unsure(case: Case, changes: Collection[Mutation]) -> tuple[str, ...]:
    """What need not be known to be gone, because a thing in the listing may have lost its id."""
    identity, gone = _GONE.get(case.operation, ("", ()))
    return gone if any(change.path in {(), (identity,)} for change in changes) else ()
