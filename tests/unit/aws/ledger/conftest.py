from __future__ import annotations

from tests.support.dynamodb import table

__all__ = ["table"]
