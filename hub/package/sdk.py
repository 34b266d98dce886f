"""The part of botocore's data that the functions use: the services, operations and shapes of `hub.runtime.sdk`. Pure.

All of botocore's data has 28 MB. EC2's model alone takes longer to load than all that is left of the others.
"""

from __future__ import annotations

import gzip
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from botocore.utils import deep_merge

from hub.runtime.sdk import OPERATIONS, REPORTER_OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DATA: Final = "botocore/data/"
# botocore/data/<service>/<API version>/<kind>.json or .json.gz
_OF_SERVICE: Final = re.compile(rf"{_DATA}([^/]+)/([^/]+)/([a-z0-9-]+)\.json(?:\.gz)?")
_ENDPOINTS: Final = f"{_DATA}endpoints.json"
# What every client reads. `_retry.json` is for the legacy retries, which the runtime does not use.
_COMMON: Final = (f"{_DATA}partitions.json", f"{_DATA}sdk-default-configuration.json")

Json = dict[str, Any]


def reduced(files: Mapping[str, bytes], *, reporter: bool = False) -> dict[str, bytes]:
    """The files of botocore, with only the data that the functions use, with or without the reporter.

    Raises:
        KeyError: if botocore does not have a service or an operation.
    """
    kept = {path: content for path, content in files.items() if not path.startswith(_DATA) or path in _COMMON}
    used = dict(OPERATIONS)
    for service, operations in REPORTER_OPERATIONS.items() if reporter else ():
        used[service] = tuple(sorted({*used.get(service, ()), *operations}))
    versions: dict[str, str] = {}
    for path in files:
        match = _OF_SERVICE.fullmatch(path)
        if match and match[1] in used:
            versions[match[1]] = max(versions.get(match[1], ""), match[2])
    prefixes = set()
    for service, operations in used.items():
        folder = f"{_DATA}{service}/{versions[service]}/"
        extras = files.get(f"{folder}service-2.sdk-extras.json", b"{}")
        model = _reduced_model(files[f"{folder}service-2.json.gz"], extras, operations)
        prefixes.add(model["metadata"]["endpointPrefix"])
        kept[f"{folder}service-2.json"] = _written(model)
        kept[f"{folder}paginators-1.json"] = _reduced_pages(files[f"{folder}paginators-1.json"], operations)
        rules = f"{folder}endpoint-rule-set-1.json.gz"
        kept[rules] = files[rules]
    kept[_ENDPOINTS] = _reduced_endpoints(files[_ENDPOINTS], frozenset(prefixes))
    return kept


@lru_cache(maxsize=64)
def _reduced_model(content: bytes, extras: bytes, operations: tuple[str, ...]) -> Json:
    """A service's model with these operations and what they refer to, without documentation.

    `extras` is what botocore merges into the model of AWS when it loads it (`botocore.loaders.ExtrasProcessor`).
    """
    model: Json = json.loads(gzip.decompress(content))
    deep_merge(model, json.loads(extras).get("merge", {}))
    kept = {name: model["operations"][name] for name in operations}
    wanted, shapes = list(_referred(kept)), {}
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            wanted += _referred(shapes[name])
    reduced_model: Json = _undocumented(model | {"operations": kept, "shapes": shapes})
    for parameter in reduced_model.get("clientContextParams", {}).values():
        # botocore reads it.
        parameter["documentation"] = ""
    return reduced_model


def _referred(node: object) -> Iterator[str]:
    """The names of the shapes that a part of a model refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        for value in node.values():
            yield from _referred(value)
    elif isinstance(node, list):
        for value in node:
            yield from _referred(value)


def _undocumented(node: Any) -> Any:  # noqa: ANN401 - any part of a model
    if isinstance(node, dict):
        # A member of a shape may have this name, but it is not text.
        kept = {key: value for key, value in node.items() if key != "documentation" or not isinstance(value, str)}
        return {key: _undocumented(value) for key, value in kept.items()}
    return [_undocumented(value) for value in node] if isinstance(node, list) else node


def _reduced_pages(content: bytes, operations: tuple[str, ...]) -> bytes:
    pages: Json = json.loads(content)
    kept = {name: page for name, page in pages["pagination"].items() if name in operations}
    return _written(pages | {"pagination": kept})


@lru_cache(maxsize=4)
def _reduced_endpoints(content: bytes, prefixes: frozenset[str]) -> bytes:
    """The endpoints of the services, in every partition."""
    endpoints: Json = json.loads(content)
    partitions = [
        partition | {"services": {name: found for name, found in partition["services"].items() if name in prefixes}}
        for partition in endpoints["partitions"]
    ]
    return _written(endpoints | {"partitions": partitions})


def _written(data: Json) -> bytes:
    return json.dumps(data, separators=(",", ":"), sort_keys=True).encode()
