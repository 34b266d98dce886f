"""The emulator, with caches for what it and botocore compute at every call although the result never changes.

A cache's key covers everything that its result depends on. Nothing that a call can change is cached.
"""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import botocore.awsrequest
import botocore.endpoint
import botocore.hooks
import botocore.regions
import botocore.session
import botocore.useragent
import moto.core.responses
import moto.settings
from botocore.client import BaseClient, ClientCreator
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import JSONFileLoader, Loader, create_loader
from moto import mock_aws
from moto.core.base_backend import BackendDict
from moto.core.models import responses_mock
from moto.core.responses import BaseResponse
from moto.core.serialize import XFormedAttributePicker
from moto.dynamodb.models.table import Table
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone

from orgdns.config.partitions import known_regions
from sandbox.aws.bridge import replaced, replaced_values
from sandbox.aws.calls.direct import direct, forget_addresses
from sandbox.aws.calls.once import (
    compiled_once,
    copied_quickly,
    described_once,
    listed_once,
    loaded_once,
    made_once,
)
from sandbox.aws.dynamodb.quick import quick_dynamodb
from sandbox.aws.dynamodb.stream_records import one_record_a_write
from sandbox.aws.errors import service_error
from sandbox.aws.models import rules
from sandbox.aws.models.bucket_policies import policies_of_buckets
from sandbox.aws.models.buckets import strict_buckets
from sandbox.aws.sqs.fair_queues import queues_served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A table, a row or a key of the emulator, which ships no types.
Moto = Any

_QUERY: Final = Table.query
_sanitized: Final = lru_cache(maxsize=1024)(botocore.useragent.sanitize_user_agent_string_component)
_CREATE_BACKENDS: Final = BackendDict._create_account_specific_backend
# Where each service's backends were in the emulator's list of those in use.
_PLACES: Final[dict[int, int]] = {}
_GET_REGION: Final = BaseResponse.get_region_from_url
# `key/date/region/service/aws4_request`
_PARTS_OF_A_SCOPE: Final = 5
_FIND_POSSIBLE_KEYS: Final = XFormedAttributePicker.get_possible_keys
_POSSIBLE_KEYS: Final[dict[tuple[object, ...], tuple[str, ...]]] = {}


class _ServiceModels(JSONFileLoader):
    """Parses each file of botocore once for the process, not once for each session."""

    load_file = cache(JSONFileLoader.load_file)


_SERVICE_MODELS: Final = _ServiceModels()
# The attribute of a client class of another botocore, that of a package, with its own way to make a call.
OWN_CALL: Final = "_sandbox_own_call"
_BASE_CLIENT: Final[Any] = BaseClient
_MAKE_API_CALL: Final = _BASE_CLIENT._make_api_call
_CONVERT: Final = _BASE_CLIENT._convert_to_request_dict
_DIRECT: Final = direct(botocore.awsrequest, botocore.endpoint, nullcontext, _BASE_CLIENT._make_request)


def _make_api_call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - botocore's own types
    """Make a call as the client's own botocore does. Whatever watches or fails calls replaces this one place."""
    return getattr(type(client), OWN_CALL, _MAKE_API_CALL)(client, operation, parameters)


_PROVIDER: Final = made_once(EndpointProvider)


def constrained(convert: Callable[..., Any]) -> Callable[..., Any]:
    """A client's way to convert parameters to a request, refused if the service's model forbids the parameters.

    Here the parameters are what the client sends: its own customizations have changed them, and it has checked them.
    """

    def converted(client: Any, api_params: dict[str, Any], operation_model: Any, *rest: Any, **options: Any) -> Any:  # noqa: ANN401 - botocore's own types
        request = convert(client, api_params, operation_model, *rest, **options)
        service, shape = client.meta.service_model.service_name, operation_model.input_shape
        if shape and (found := list(rules.violations(service, shape, api_params))):
            code = rules.error_code(service)
            message = f"{len(found)} validation error{'s' * (len(found) > 1)} detected: {'; '.join(found)}"
            raise service_error(client, operation_model.name, code, 400, message)
        return request

    return converted


_LISTED: Final = listed_once(Loader)
_CREATOR: Final[Any] = ClientCreator
_SERVICE_MODEL: Final = loaded_once(_CREATOR._load_service_model)
_METHODS: Final = described_once(_CREATOR._create_methods)
_HOOKS: Final[Any] = botocore.hooks
_COPY: Final = copied_quickly(_HOOKS)


def _loader(search_path: str | None = None) -> Loader:
    loader = create_loader(search_path)
    loader.file_loader = _SERVICE_MODELS
    return loader


def _query(table: Moto, *parameters: Any, **options: Any) -> Any:  # noqa: ANN401 - the emulator's own
    """Query one partition. The emulator's own query sorts the whole table first."""
    # The emulator passes these by position: see DynamoDBBackend.query.
    hash_key, index_name = parameters[0], parameters[7]
    if index_name or not table.has_range_key:
        return _QUERY(table, *parameters, **options)
    rows = table.items
    table.items = {hash_key: rows.get(hash_key, {})}
    try:
        return _QUERY(table, *parameters, **options)
    finally:
        table.items = rows


def _all_items(table: Moto) -> list[Moto]:
    """All rows in key order. Each key is converted once, not once for each comparison."""
    if not table.range_key_attr:
        return sorted(table.items.values(), key=lambda row: row.hash_key.cast_value)
    rows = (row for partition in table.items.values() for row in partition.values())
    return sorted(rows, key=lambda row: (row.hash_key.cast_value, row.range_key.cast_value))


def _possible_keys(picker: Moto, context: Moto) -> tuple[str, ...]:
    """The attribute names under which the emulator looks for a member of a response, which depend on the class only."""
    place = (tuple(picker.alias_providers), type(context.obj), context.shape, context.key)
    if place not in _POSSIBLE_KEYS:
        _POSSIBLE_KEYS[place] = tuple(dict.fromkeys(_FIND_POSSIBLE_KEYS(picker, context)))
    return _POSSIBLE_KEYS[place]


def _region(response: Moto, request: Moto, full_url: str) -> str:
    """The region that a request is signed for.

    The emulator takes it from the host, which for `route53.us-gov.amazonaws.com` does not name a region.
    """
    _, _, scope = request.headers.get("Authorization", "").partition("Credential=")
    parts = scope.partition(",")[0].split("/")
    return parts[2] if len(parts) == _PARTS_OF_A_SCOPE else str(_GET_REGION(response, request, full_url))


def _create_backends(backends: Moto, account: str) -> None:
    """Create an account's backends of a service, and list them among those that the next reset empties.

    The emulator's own looks through the whole list for them at each call. A reset can leave backends that others made
    anew meanwhile, and that are not listed any more: they have to be listed again, or nothing ever empties them.
    """
    listed, place = BackendDict._instances, _PLACES.get(id(backends), -1)
    is_listed = 0 <= place < len(listed) and listed[place] is backends
    if is_listed and account in backends.keys():  # noqa: SIM118 - as the emulator does
        return
    _CREATE_BACKENDS(backends, account)
    _PLACES[id(backends)] = next(place for place, each in enumerate(listed) if each is backends)


def _zones() -> dict[str, list[Zone]]:
    """Availability Zones of the regions that the emulator does not know."""
    unknown = known_regions() - RegionsAndZonesBackend.zones.keys()
    return {
        region: [Zone(f"{region}{letter}", region, f"{region}-az{number}") for number, letter in enumerate("abc", 1)]
        for region in unknown
    }


def _no_request(_adapter: Moto, request: Moto, **_options: Any) -> None:  # noqa: ANN401 - the emulator's own
    raise ConnectionError(f"the sandbox does not send requests to other servers: {request.method} {request.url}")


@contextmanager
def emulated_aws() -> Iterator[None]:
    """Let the emulator answer every AWS call of this process while the context lasts."""
    responses = moto.core.responses
    with ExitStack() as stack:
        enter = stack.enter_context
        enter(replaced(botocore.session, create_loader=_loader))
        enter(replaced(Loader, list_available_services=_LISTED))
        enter(replaced(ClientCreator, _load_service_model=_SERVICE_MODEL, _create_methods=_METHODS))
        enter(replaced(_HOOKS._PrefixTrie, _recursive_copy=_COPY))
        enter(replaced(dataclasses, exec=compiled_once))
        enter(replaced(BaseClient, _make_api_call=_make_api_call, _convert_to_request_dict=constrained(_CONVERT)))
        forget_addresses()
        enter(replaced(BaseClient, _make_request=_DIRECT))
        enter(
            replaced(
                responses,
                camelcase_to_underscores=cache(responses.camelcase_to_underscores),
                method_names_from_class=cache(responses.method_names_from_class),
            )
        )
        enter(replaced(botocore.regions, EndpointProvider=_PROVIDER))
        enter(replaced(botocore.useragent, sanitize_user_agent_string_component=_sanitized))
        enter(replaced(XFormedAttributePicker, get_possible_keys=_possible_keys))
        enter(replaced(BackendDict, _create_account_specific_backend=_create_backends))
        enter(replaced(BaseResponse, get_region_from_url=_region))
        enter(replaced_values(RegionsAndZonesBackend.zones, **_zones()))
        enter(queues_served())
        enter(policies_of_buckets())
        enter(strict_buckets())
        enter(quick_dynamodb())
        enter(one_record_a_write())
        enter(replaced(Table, query=_query, all_items=_all_items))
        # Otherwise the emulator creates over a thousand public images for each account and region. Nothing uses them.
        enter(replaced(moto.settings, ec2_load_default_amis=lambda: False))
        # Otherwise the emulator sends requests to addresses that are in its calls, such as those of SNS subscriptions.
        enter(replaced(responses_mock, _real_send=_no_request))
        enter(mock_aws())
        yield
