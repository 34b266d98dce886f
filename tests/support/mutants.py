"""Tells how many mutants of the pure core the tests killed, and fails when that is too few."""

from __future__ import annotations

import json
import sys
from pathlib import Path

STATS = Path("mutants/mutmut-cicd-stats.json")
LEAST = 0.9


def main() -> int:
    stats = json.loads(STATS.read_text(encoding="utf-8"))
    # One that never ends is found, too.
    killed = stats["killed"] + stats["timeout"]
    share = killed / stats["total"]
    print(json.dumps({"figure": "mutants_killed", "value": round(share, 3), "unit": "of all", "limit": LEAST}))  # noqa: T201
    return 0 if share >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
