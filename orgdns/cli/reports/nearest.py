"""What to say of an account, region or VPC that nobody knows: what is known, and what was probably meant. Pure."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hub.runtime.model.names import Spoke

# The part of two texts that is the same, beginning with which one may be meant by the other.
_ALIKE = 0.8


def nearest(text: str, known: Iterable[str]) -> str:
    """A question after what was probably meant, in brackets with a space before; empty if nothing known is alike."""
    found = get_close_matches(text, sorted(set(known)), n=1, cutoff=_ALIKE)
    return f" (did you mean {found[0]}?)" if found else ""


def unknown_spokes(wanted: Iterable[Spoke], known: Collection[Spoke]) -> str:
    """What is wrong if some of the spokes that a person names are not known; empty if all are."""
    missing = [spoke for spoke in wanted if spoke not in known]
    if not missing:
        return ""
    named = ", ".join(f"{spoke}{nearest(str(spoke), map(str, known))}" for spoke in missing)
    return f"neither StackSets nor the ledger knows {named}. {_known(missing, known)}"


def _known(missing: Iterable[Spoke], known: Collection[Spoke]) -> str:
    """What is known instead: the regions of these accounts, or else how many accounts and regions there are."""
    regions = {
        account: sorted(spoke.region for spoke in known if spoke.account == account)
        for account in dict.fromkeys(spoke.account for spoke in missing)
    }
    found = [f"in {account}: {', '.join(names)}" for account, names in regions.items() if names]
    others = f"{len({spoke.account for spoke in known}):,} accounts, which orgdns coverage lists"
    return f"They know {'; '.join(found) or others}"
