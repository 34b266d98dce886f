"""Prints the share of the pure core's mutants that the tests killed, and fails below a limit."""

from __future__ import annotations

import json
import sys
from pathlib import Path

STATS = Path("mutants/mutmut-cicd-stats.json")
LEAST = 0.975


def main() -> int:
    stats = json.loads(STATS.read_text(encoding="utf-8"))
    # A mutant that does not terminate counts as killed.
    killed = stats["killed"] + stats["timeout"]
    share = killed / stats["total"]
    print(json.dumps({"figure": "mutants_killed", "value": round(share, 3), "unit": "of all", "limit": LEAST}))  # noqa: T201
    return 0 if share >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
