"""Properties as tests run them, also those that must find a planted fault."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime import sdk
from tests.support.fuzz.aws import EVERY, Spoiled
from tests.support.fuzz.extras import Case
from tests.support.fuzz.mutations import Mutation, Path, cases, mutations, possible, removed
from tests.support.fuzz.properties import Properties
from tests.support.fuzz.rows import changed, kinds, later, paths, renamed
from tests.support.fuzz.scenarios import Recorded

OPERATIONS: Final = tuple(f"{service}.{name}" for service, names in sdk.OPERATIONS.items() for name in names)
# The SDK makes sure that an answer's own members have their types, and DynamoDB that attributes have.
TYPED_STEPS: Final = 1
_ROWS: Final = frozenset(
    {"Item", "Items", "Responses", "UnprocessedKeys", "UnprocessedItems", "LastEvaluatedKey", "Attributes"}
)


def spoiled(operation: str, recorded: Recorded) -> st.SearchStrategy[tuple[str, Spoiled]]:
    """Scenarios that call an operation, each with a changed answer to one of the calls."""
    service, name = operation.split(".")
    choices = [
        frozenset(path for path in paths if not (service == "dynamodb" and path[0] in _ROWS))
        for paths in (recorded.answers[operation], recorded.answers[operation], possible(service, name))
    ]

    def made(call: tuple[str, int], changes: list[Mutation]) -> tuple[str, Spoiled]:
        scenario, number = call
        return scenario, Spoiled(operation, tuple(changes), number)

    if not any(choices):
        # The operation answers nothing.
        return st.builds(made, st.sampled_from(recorded.calling[operation]), st.just([]))
    calls = st.sampled_from(recorded.calling[operation])
    return st.builds(made, calls, mutations(*choices, typed=TYPED_STEPS))


def things(case: Case, recorded: Recorded) -> st.SearchStrategy[list[Mutation]]:
    """Changes of what an operation says about a further thing."""
    service, name = case.operation.split(".")
    known, all_paths = frozenset(recorded.answers[case.operation]), possible(service, name)
    if not case.element:
        return mutations(known, known, all_paths, typed=TYPED_STEPS)
    within = paths_in(case.element, known)
    return mutations(within, within, paths_in(case.element, all_paths), frozenset({()}))


def paths_in(element: Path, paths: frozenset[Path]) -> frozenset[Path]:
    """The paths within an element, relative to it."""
    return frozenset(path[len(element) :] for path in paths if path[: len(element)] == element and path != element)


def never_raises(properties: Properties, operation: str) -> None:
    """No changed answer to an operation comes out of a function as an error."""

    @cases(8)
    @given(spoiled(operation, properties.scenarios.recorded))
    def checked(case: tuple[str, Spoiled]) -> None:
        properties.odd_answer(*case)

    checked()


def removes_nothing(properties: Properties, operation: str) -> None:
    """Answers that lack one of their members make no function remove anything."""
    recorded = properties.scenarios.recorded
    # Without an item, DynamoDB says that there is no such row.
    members = {path[0] for path in recorded.answers[operation]} - {"Item"}
    for name in sorted({name for name, _ in recorded.calling[operation]}):
        for member in sorted(members):
            gone = properties.incomplete(name, Spoiled(operation, (removed(member),), EVERY))
            assert not gone, (name, member, gone)


def concerns_itself(properties: Properties, case: Case) -> None:
    """What AWS says of one thing changes nothing else."""

    @cases(10)
    @given(st.sampled_from(case.scenarios), things(case, properties.scenarios.recorded))
    def checked(name: str, changes: list[Mutation]) -> None:
        assert properties.odd_thing(case, name, changes) == {}

    checked()


def row_concerns_itself(properties: Properties, kind: str) -> None:
    """A row with other attributes changes nothing else."""
    key, item = renamed(*kinds(properties.scenarios)[kind])

    @cases(12)
    @given(st.sampled_from(properties.indifferent(key, item)), mutations(paths(item)))
    def checked(name: str, changes: list[Mutation]) -> None:
        assert properties.odd_row(name, key, changed(item, changes)) == {}

    checked()


def later_row_concerns_itself(properties: Properties, kind: str) -> None:
    """A row of a later runtime changes nothing else."""
    key, item = renamed(*kinds(properties.scenarios)[kind])
    scenarios = properties.indifferent(key, item)
    for name in scenarios:
        assert properties.odd_row(name, key, later(item)) == {}, name


def row_never_raises(properties: Properties, kind: str) -> None:
    """A row that a function needs never comes out of it as an error."""
    key, item = kinds(properties.scenarios)[kind]

    @cases(12)
    @given(st.sampled_from(sorted(properties.scenarios.all)), mutations(paths(item)))
    def checked(name: str, changes: list[Mutation]) -> None:
        properties.odd_row(name, key, changed(item, changes))

    checked()
