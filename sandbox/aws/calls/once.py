"""What botocore computes for each client or session, computed once for the process: the result never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def made_once(create: Callable[..., Any]) -> Callable[..., Any]:
    """A way to create botocore's providers of endpoints: one for each set of rules, not one for each client.

    A provider depends on nothing else, and does not change. It takes longer than all else that a new client needs.
    """
    # With the data, so that no other data ever has the same identity.
    known: dict[tuple[tuple[str, int], ...], tuple[dict[str, object], Any]] = {}

    def provider(**data: object) -> Any:  # noqa: ANN401 - botocore's own type
        key = tuple((name, id(value)) for name, value in sorted(data.items()))
        if key not in known:
            known[key] = (data, create(**data))
        return known[key][1]

    return provider


def listed_once(loader_class: Any) -> Callable[[Any, str], list[str]]:  # noqa: ANN401 - a botocore's class of loaders
    """A loader's method that lists the services it knows: the folders are read once, not once for each session."""
    read = loader_class.list_available_services
    known: dict[tuple[str, ...], list[str]] = {}

    def list_available_services(loader: Any, type_name: str) -> list[str]:  # noqa: ANN401 - as above
        key = (type_name, *loader.search_paths)
        if key not in known:
            known[key] = read(loader, type_name)
        return known[key]

    return list_available_services
