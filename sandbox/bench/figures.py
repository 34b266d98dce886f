"""A figure of the bench, as one line of JSON. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its unit.

    `limit` is AWS's quota or the project's goal, `naive` is the value of a naive implementation; either may be missing.
    `others` are the values of further implementations by name.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    naive: float | None = None
    others: Mapping[str, float] = field(default_factory=dict)

    def json(self) -> str:
        """The figure as a line of JSON, with values rounded to three digits."""
        values = {"value": self.value, "limit": self.limit, "naive": self.naive, **self.others}
        rounded = {name: None if value is None else round(value, 3) for name, value in values.items()}
        return json.dumps({"figure": self.name, "unit": self.unit} | rounded)
