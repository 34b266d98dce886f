"""The rows of instances against the rows of claims, by hashes and compressed identities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Claim, Millis, NameKey
from hub.runtime.model.observation import ClaimId, Observation
from hub.runtime.sweeper.repair.comparison import IDENTITIES_A_BLOCK, LedgerComparison
from tests.support.build import CORP_ZONE, claim, key, ref


def id_of(claimed: Claim) -> ClaimId:
    return ClaimId(claimed.instance, claimed.key)


def row(number: int, *claims: Claim, **facts: object) -> Observation:
    return replace(Observation(ref(number), Millis(1), claims, version=1), **facts)  # type: ignore[arg-type]


def compared(rows: list[Observation], claims: list[Claim]) -> list[ClaimId]:
    comparison = LedgerComparison({CORP_ZONE})
    for each in rows:
        comparison.add_row(each)
    comparison.add_claims(claims)
    return list(comparison.differing())


# The claims of three instances on three names, each missing (0) or with one of two values.
VALUES = st.dictionaries(st.tuples(st.integers(1, 3), st.sampled_from("abc")), st.integers(0, 2))


def claims_of(values: dict[tuple[int, str], int]) -> Iterator[Claim]:
    for (number, name), value in values.items():
        if value:
            yield claim(number, name=name, address=f"10.0.0.{value}")


@given(VALUES, VALUES)
def test_what_differs_is_found(wanted: dict[tuple[int, str], int], stored: dict[tuple[int, str], int]) -> None:
    """A claim is found if only one side has it, and twice if the sides have it with other values."""
    rows = [row(number, *(each for each in claims_of(wanted) if each.instance == ref(number))) for number in (1, 2, 3)]
    found = compared(rows, list(claims_of(stored)))
    differing = set(claims_of(wanted)) ^ set(claims_of(stored))
    assert sorted(found) == sorted(map(id_of, differing))


@pytest.mark.parametrize("number", [IDENTITIES_A_BLOCK - 1, IDENTITIES_A_BLOCK, 2 * IDENTITIES_A_BLOCK + 1])
def test_few_of_many_differ(number: int) -> None:
    """The differing claims are found in every block of identities, whole or begun."""
    many = [claim(each, name=f"n{each}") for each in range(1, number + 1)]
    lost = [many[0], many[number // 2], many[-1]]
    rows = [row(each, claimed) for each, claimed in enumerate(many, 1)]
    assert compared(rows, [claimed for claimed in many if claimed not in lost]) == list(map(id_of, lost))
    assert compared([each for each in rows if each.claims[0] not in lost], many) == list(map(id_of, lost))
    assert compared(rows, many) == []


def test_what_a_row_does_not_want_is_not_compared() -> None:
    """An instance wants no name that it withdraws, none after its end, and no names of other zones are compared."""
    elsewhere = replace(claim(2), key=NameKey("Z0OTHER", key().fqdn))
    assert compared([row(1, claim(1), withdrawing=frozenset({key()}))], []) == []
    assert compared([row(1, claim(1), ended=True, settled=False)], []) == []
    assert compared([row(2, elsewhere)], []) == []
    assert compared([row(1, claim(1), withdrawing=frozenset({key()}))], [claim(1)]) == [id_of(claim(1))]
