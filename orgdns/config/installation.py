"""Checks of the name of an installation. Pure."""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from typing import Final

from hub.runtime.installation import Names

# EventBridge's default event bus and the default group of its Scheduler have this name.
_RESERVED: Final = ("default",)
# Services keep names that begin so for themselves, and S3 those of buckets (S3 User Guide, "Bucket naming rules").
_RESERVED_BEGINNINGS: Final = ("aws", "amazon", "xn--", "sthree-")


def installation_name(name: str) -> str:
    """The name of an installation, if the names of its resources are valid and no other installation's.

    Raises:
        ValueError: if they are not; the message says why, and what to do.
    """
    if name in _RESERVED or name.startswith(_RESERVED_BEGINNINGS):
        raise ValueError(f"{name!r} is a name that AWS reserves, or begins like one: choose another")
    if end := _confusable_end(name):
        other = name.removesuffix(end)
        raise ValueError(
            f"{name!r} ends in {end!r}, like names of resources of an installation {other!r}: choose another"
        )
    return name


def _confusable_end(name: str) -> str:
    """The end of a name with which a name of another installation's resource goes on; empty if there is none.

    `orgdns-zone` would have a role `orgdns-zone-reader`, and so has `orgdns`.
    """
    return max((end for end in _ends() if name.endswith(end)), key=len, default="")


@cache
def _ends() -> frozenset[str]:
    """The beginnings of what follows the installation in the names of resources, up to a hyphen."""
    names = Names("")
    values = [getattr(names, attribute) for attribute in dir(Names) if not attribute.startswith("_")]
    suffixes = [value for value in values if isinstance(value, str)]
    words = [suffix.strip("-").split("-") for suffix in suffixes]
    return frozenset(f"-{start}" for parts in words for start in accumulate(parts, "{}-{}".format) if start)
