"""How many examples hypothesis tries where each takes long."""

from __future__ import annotations

from hypothesis import settings


def examples(number: int) -> int:
    """This number, the same examples in every run; with `make test-deep` as many others as of every property."""
    return number if settings().derandomize else settings().max_examples
