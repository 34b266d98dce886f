"""Checks of `organization.account_labels`: the labels of accounts that do not depend on their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.config.errors import Fault, Source


def account_label_faults(content: dict[str, Any], source: Source) -> Iterator[Fault]:
    """A fault for each label that two accounts have, in a file that may have other faults."""
    organization = content.get("organization")
    labels = organization.get("account_labels") if isinstance(organization, dict) else None
    first: dict[str, object] = {}
    for account_id, label in labels.items() if isinstance(labels, dict) else ():
        if not isinstance(label, str):
            continue
        if label in first:
            place = ("organization", "account_labels", account_id)
            message = f"{label!r} is already the label of {first[label]}: an account's label is its own"
            yield source.fault(place, message)
        first.setdefault(label, account_id)
