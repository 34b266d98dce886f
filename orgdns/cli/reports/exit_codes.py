"""The exit codes of `orgdns`; 0 says that all is well. Pure."""

from typing import Final

FAILED: Final = 1
# Something would change, waits for a person, or is not well.
ATTENTION: Final = 2
