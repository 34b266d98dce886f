"""The requests and changes of Route 53's quotas that a run takes, as its metrics report them."""

from __future__ import annotations

import pytest

from hub.runtime.aws.pace.spent import Spent
from hub.runtime.aws.pace.turns import Turns
from hub.runtime.model.names import Millis
from hub.runtime.ports import NoTurn
from hub.runtime.rate_limit import ASSOCIATE, ASSOCIATION_CHANGES, Demand
from sandbox.bench.pace import MemoryPaceRow


def turns(spent: Spent) -> Turns:
    return Turns(MemoryPaceRow(), 1.0, lambda: Millis(1_000_000), lambda _seconds: None, spent)


def test_calls_are_counted_with_their_repeats() -> None:
    """Since the last question. A release from the backlog is no call of Route 53."""
    spent = Spent()
    worker = turns(spent)
    worker.take(Demand.batch(30))
    worker.answered(throttled=False, repeats=2)
    worker.take(Demand.reading())
    worker.take(Demand.association(ASSOCIATE, ASSOCIATION_CHANGES))
    worker.take(Demand.release(100))
    assert spent.taken() == (5, 32)
    assert spent.taken() == (0, 0)


def test_call_without_a_turn_is_not_counted() -> None:
    """It is not made."""
    spent = Spent()
    worker = turns(spent)
    worker.take(Demand.batch(1_500))
    with pytest.raises(NoTurn):
        worker.take(Demand.batch(300), wait=2.0)
    assert spent.taken() == (1, 1_500)
