"""The way of a call from a client to the emulator in this process, without the detours that only a network needs.

The client serializes the parameters, the emulator answers as it would a request that came over HTTP, the client reads
the answer, and its own retries decide what an error means. What is left out: signatures that nobody here checks, the
search for the emulator's service among all of them, and connections.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from moto import backend_index, backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import MockRawResponse
from moto.core.exceptions import HTTPException
from moto.core.models import botocore_stubber
from moto.core.request import Request, environ_key_for_header, normalize_request
from werkzeug.test import EnvironBuilder

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

# A part of botocore, of the process's own or of a package's, or of the emulator.
Module = Any

_ERRORS: Final = 300
_AWS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu")
# Its answers are streams, its checksums are in the signed headers, and the bucket is in the host's name.
_BY_HTTP: Final = frozenset({"s3"})
# What answers at an address. Bridges change that, so it is forgotten when the emulator starts.
_METHODS: Final[dict[str, Callable[..., Any]]] = {}


def forget_addresses() -> None:
    """Forget what answers at which address."""
    _METHODS.clear()


def direct(
    awsrequest: Module,
    endpoint: Module,
    outside: Callable[[], AbstractContextManager[None]],
    request: Callable[..., Any],
) -> Callable[..., Any]:
    """The method of a client class that makes requests.

    Args:
        awsrequest: The module of the client's botocore with this name.
        endpoint: The module of the client's botocore with this name.
        outside: The context in which the emulator answers.
        request: The client's own method, for requests that do not go to the emulator.
    """

    def answer(client: Module, operation: Module, params: dict[str, Any]) -> tuple[Module, dict[str, Any]]:
        asked = awsrequest.create_request_object(params)
        for name, text in _authorization(client, params).items():
            asked.headers[name] = text
        prepared = asked.prepare()
        sent = AWSPreparedRequest(prepared.method, prepared.url, prepared.headers, prepared.body, stream_output=False)
        with outside():
            status, headers, body = emulated_answer(sent)
        response = awsrequest.AWSResponse(prepared.url, status, headers, MockRawResponse(body))
        described = endpoint.convert_to_response_dict(response, operation)
        parser = client._endpoint._response_parser_factory.create_parser(operation.service_model.resolved_protocol)
        parsed = parser.parse(described, operation.output_shape)
        if response.status_code >= _ERRORS:
            client._endpoint._add_modeled_error_fields(described, parsed, operation, parser)
        # As after each attempt over a network.
        client.meta.events.emit(
            f"response-received.{operation.service_model.service_id.hyphenize()}.{operation.name}",
            response_dict=described,
            parsed_response=parsed,
            context=params["context"],
            exception=None,
        )
        return response, parsed

    def make_request(client: Module, operation: Module, params: dict[str, Any], context: Module) -> Any:  # noqa: ANN401 - botocore's own types
        """The emulator's answer, and what the client reads in it. Errors are tried again as the client wants it."""
        service = client.meta.service_model.service_name
        known = client._request_signer._credentials is not None
        if not (botocore_stubber.enabled and known and service not in _BY_HTTP and _is_aws(params["url"])):
            return request(client, operation, params, context)
        attempts, answered = 1, answer(client, operation, params)
        while answered[0].status_code >= _ERRORS and client._endpoint._needs_retry(
            attempts, operation, params, answered, None
        ):
            attempts, answered = attempts + 1, answer(client, operation, params)
        answered[1].setdefault("ResponseMetadata", {})["RetryAttempts"] = attempts - 1
        return answered

    return make_request


def _is_aws(url: str) -> bool:
    """Whether a request goes to AWS, and not to a server on this machine."""
    return str(urlsplit(url).hostname).endswith(_AWS)


def _authorization(client: Module, params: dict[str, Any]) -> dict[str, str]:
    """The headers that say who calls which service in which region, without a signature."""
    signer = client._request_signer
    credentials = signer._credentials.get_frozen_credentials()
    signing = params["context"].get("signing", {})
    region, name = signing.get("region") or signer._region_name, signing.get("signing_name") or signer._signing_name
    now = datetime.now(UTC)
    scope = f"{credentials.access_key}/{now:%Y%m%d}/{region}/{name}/aws4_request"
    headers = {
        "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=none",
    }
    return headers | ({"X-Amz-Security-Token": credentials.token} if credentials.token else {})


def emulated_answer(request: Module) -> tuple[int, dict[str, str], Any]:
    """What the emulator answers."""
    address = urlsplit(request.url)
    url = f"{address.scheme}://{address.netloc}{address.path}"
    method = _METHODS.get(url) or _method(url)
    if method is None:
        # Let the emulator say that it does not have it.
        answer: tuple[int, dict[str, str], Any] = botocore_stubber.process_request(request)
        return answer
    _METHODS[url] = method
    normalized = _normalized(request)
    try:
        status, headers, body = method(normalized, normalized.raw_url, normalized.headers)
    except HTTPException as error:
        return error.code, error.get_headers(), error.get_body()
    return status, headers, body


def _normalized(request: Module) -> Module:
    """The request as the emulator takes it. What depends only on the method and the address is computed once."""
    body = request.body or b""
    if not isinstance(body, str | bytes):
        return normalize_request(request)
    content = body.encode() if isinstance(body, str) else body
    environ = {**_environ(request.method, request.url), "wsgi.input": io.BytesIO(content)}
    for name, value in request.headers.items():
        environ[environ_key_for_header(name)] = value.decode() if isinstance(value, bytes) else value
    environ["CONTENT_LENGTH"] = str(len(content))
    return Request(environ)


@lru_cache(maxsize=4096)
def _environ(method: str, url: str) -> dict[str, Any]:
    address = urlsplit(url)
    base = f"{address.scheme}://{address.netloc}"
    return EnvironBuilder(address.path, base, address.query, method=method).get_environ()


def _method(url: str) -> Callable[..., Any] | None:
    """What answers the requests to an address: the first of the emulator's services that has it."""
    for service, pattern in backend_index.backend_url_patterns:
        if pattern.match(url):
            found: Module = backends.get_backend(service)
            if isinstance(found, BackendDict):
                regions = found[DEFAULT_ACCOUNT_ID]
                backend = regions["us-east-1" if "us-east-1" in regions else "aws"]
            else:
                backend = found["global"]
            return next((method for known, method in backend.urls.items() if re.match(known, url)), None)
    return None
