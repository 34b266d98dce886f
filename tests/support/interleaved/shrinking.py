"""Shorter schedules that break the same promise: for people to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.interleaved.baton import Choices
from tests.support.interleaved.machine import Machine, Violation


def replayed(choices: list[int], make: Callable[[Choices], Machine]) -> tuple[str, Machine]:
    """Run the schedule of some choices, zero after the last; return the promise that it breaks, or an empty text."""
    choices_again = Choices.of_seed(0)
    choices_again.given, choices_again.exhausted_to_zero = choices, True
    machine = make(choices_again)
    try:
        machine.run()
    except Violation as violation:
        machine.trace.append(str(violation))
        return violation.code, machine
    except Exception as error:  # noqa: BLE001 - whatever it was, it is what the schedule shows
        machine.trace.append(repr(error))
        return type(error).__name__, machine
    return "", machine


def shrunk(choices: list[int], make: Callable[[Choices], Machine], tries: int = 3_000) -> list[int]:
    """Return choices that break the same promise, with as few steps as some thousand tries find."""
    code, machine = replayed(choices, make)
    if not code:
        return choices
    shrinker = _Shrinker(make, code, list(machine.choices.made), machine.steps, tries)
    while shrinker.shorter() or shrinker.smaller():
        pass
    return shrinker.best


@dataclass(slots=True)
class _Shrinker:
    """The best choices so far, and the steps of their schedule."""

    make: Callable[[Choices], Machine]
    code: str
    best: list[int]
    steps: int
    tries: int

    def shorter(self) -> bool:
        """Leave parts of the choices out, large ones first; return whether that helped."""
        helped = False
        length = len(self.best) // 2
        while length:
            position = 0
            while position < len(self.best):
                if self._better(self.best[:position] + self.best[position + length :]):
                    helped = True
                else:
                    position += length
            length //= 2
        return helped

    def smaller(self) -> bool:
        """Replace choices by the first option; return whether that helped."""
        positions = [position for position, choice in enumerate(self.best) if choice]
        return sum(self._better([*self.best[:each], 0, *self.best[each + 1 :]]) for each in positions) > 0

    def _better(self, candidate: list[int]) -> bool:
        self.tries -= 1
        if self.tries < 0:
            return False
        code, machine = replayed(candidate, self.make)
        made = machine.choices.made
        if code != self.code or (machine.steps, len(made), sum(made)) >= (self.steps, len(self.best), sum(self.best)):
            return False
        self.best, self.steps = list(made), machine.steps
        return True
