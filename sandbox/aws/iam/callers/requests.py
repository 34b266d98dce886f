"""Reads which operation an HTTP request calls, with which parameters, and writes the answer to one that is refused."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.iam.permission import Parameters

# The names of services in botocore that are not those in signatures.
_SERVICES: Final = {"monitoring": "cloudwatch"}
# These keep the error codes of the query protocol that they had before ("AWS JSON 1.0 protocol",
# https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait).
_QUERY_COMPATIBLE: Final = frozenset({"cloudwatch", "sqs"})
_REQUEST_ID: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an operation, as a client makes it.

    Attributes:
        service: The service, as botocore names it.
        operation: The operation.
        parameters: Its parameters.
        protocol: The protocol of the request.
        method: The method of the request.
    """

    service: str
    operation: str
    parameters: Parameters
    protocol: str
    method: str


def call_in(environ: Mapping[str, Any], body: bytes, signed_for: str) -> Call:
    """The call in a request whose signature is for this service."""
    service = _SERVICES.get(signed_for, signed_for)
    request = Request({**environ, "wsgi.input": io.BytesIO(body)})
    model = get_service_model(service)
    target, place = request.headers.get("X-Amz-Target"), {}
    if action := request.values.get("Action"):
        operation = action
    elif target:
        operation = target.rpartition(".")[2]
    else:
        routed, place = get_service_router(service).match(request)
        operation = routed.name
    protocol = determine_request_protocol(model, request.content_type)
    parser = PROTOCOL_PARSERS[protocol](model.operation_model(operation))
    parameters = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": place,
        }
    )
    return Call(service, operation, dict(parameters), protocol, request.method)


def denial(call: Call, message: str) -> tuple[HTTPStatus, dict[str, str], bytes]:
    """The answer to a call that the caller's policies do not allow: status, headers and body.

    "Common error types" in each service's API reference, for example
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html.
    """
    if call.protocol == "ec2":
        text = f"You are not authorized to perform this operation. {message}"
        error = f"<Errors><Error><Code>UnauthorizedOperation</Code><Message>{escape(text)}</Message></Error></Errors>"
        return _xml(f"<Response>{error}<RequestID>{_REQUEST_ID}</RequestID></Response>")
    if call.protocol in {"query", "rest-xml"}:
        error = f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"
        if call.service != "s3":
            error = f"<ErrorResponse>{error}<RequestId>{_REQUEST_ID}</RequestId></ErrorResponse>"
        return _xml("" if call.method == "HEAD" else error)
    compatible = call.service in _QUERY_COMPATIBLE
    code = "AccessDenied" if compatible else "AccessDeniedException"
    status = HTTPStatus.FORBIDDEN if compatible or call.protocol == "rest-json" else HTTPStatus.BAD_REQUEST
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
    return status, headers, json.dumps({"__type": code, "message": message, "Message": message}).encode()


def _xml(text: str) -> tuple[HTTPStatus, dict[str, str], bytes]:
    return HTTPStatus.FORBIDDEN, {"Content-Type": "text/xml"}, text.encode()
