"""The generation of a ledger in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

# No two generations of a test run have the same id.
_NUMBERS: Iterator[int] = count(1)


@dataclass(slots=True)
class MemoryGeneration:
    """The rows with the generation of the ledger, one for each stream that the table had."""

    stream: str = "stream 1"
    rows: dict[str, str] = field(default_factory=dict)

    def read(self) -> str:
        """Return the generation; empty if none has begun."""
        return self.rows.get(self.stream, "")

    def begun(self) -> str:
        """Return the generation, which begins now if there is none."""
        if self.stream not in self.rows:
            self.rows[self.stream] = f"generation {next(_NUMBERS)}"
        return self.rows[self.stream]

    def lose(self) -> None:
        """Empty the table."""
        self.rows.clear()

    def restore(self) -> None:
        """Give the table another stream, as a restore does. Its rows stay."""
        self.stream += " restored"
