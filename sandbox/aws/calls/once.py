"""What botocore computes for each client or session, computed once for the process: the result never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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


def loaded_once(load: Callable[..., Any]) -> Callable[..., Any]:
    """A creator of clients' way to load a service's model: one for each description, not one for each client.

    A model does not change. It computes what it knows of an operation when that is first needed, and remembers it.
    """
    known: dict[tuple[str, int], tuple[Any, Any]] = {}

    def service_model(creator: Any, service_name: str, api_version: str | None = None) -> Any:  # noqa: ANN401 - botocore's own types
        description = creator._loader.load_service_model(service_name, "service-2", api_version=api_version)
        key = (service_name, id(description))
        if key not in known:
            known[key] = (description, load(creator, service_name, api_version=api_version))
        return known[key][1]

    return service_model


def described_once(create: Callable[..., Any]) -> Callable[..., Any]:
    """A creator of clients' way to make the methods of a client's class: once for each model.

    A method has nothing but the operation's name.
    """
    known: dict[Any, dict[str, Any]] = {}

    def methods(creator: Any, service_model: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        if service_model not in known:
            known[service_model] = create(creator, service_model)
        # Handlers of the session add to it.
        return dict(known[service_model])

    return methods


def copied_quickly(hooks: Any) -> Callable[[Any, dict[str, Any]], dict[str, Any]]:  # noqa: ANN401 - a module of botocore
    """The way in which a tree of event handlers is copied for a client, without a look at the type of each part.

    Args:
        hooks: The module of botocore with this name.
    """
    nodes: Any = hooks.NodeList

    def copied_node(node: dict[str, Any]) -> dict[str, Any]:
        values = node["values"]
        return {
            "chunk": node["chunk"],
            "children": {part: copied_node(child) for part, child in node["children"].items()},
            "values": values and nodes(*map(list, values)),
        }

    def recursive_copy(_tree: Any, attributes: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - as above
        return {"_root": copied_node(attributes["_root"])}

    return recursive_copy


# Of dataclasses, whose methods Python writes as text.
_COMPILED: Final[dict[str, Any]] = {}


def compiled_once(source: str, names: dict[str, Any], made: dict[str, Any]) -> None:
    """Execute the text of a dataclass's method as `exec` does. The same text is compiled once.

    Each execution environment has classes of its own, in its first invocation. Their methods have the same texts.
    """
    if source not in _COMPILED:
        _COMPILED[source] = compile(source, "<string>", "exec")
    exec(_COMPILED[source], names, made)  # noqa: S102 - what the standard library executes
