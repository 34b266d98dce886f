"""The most memory that this process has had."""

from __future__ import annotations

import resource
from pathlib import Path


def peak() -> int:
    """The peak of this process's memory, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would also count the peak of the process that forked this one.
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
