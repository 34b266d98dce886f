from __future__ import annotations

from tests.support.aws.dynamodb import table

__all__ = ["table"]
