"""The exit codes of `orgdns`. 0 means that all is well or nothing would change. Pure."""

from typing import Final

FAILED: Final = 1
# Something would change, awaits a person, or is not well.
ATTENTION: Final = 2
