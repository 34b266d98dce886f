"""The API on loopback, behind the check of callers with policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moto.iam.models import get_account_id_from

from sandbox.aws.iam.callers.guard import CallerDenied, CallerGuard, Records, calling
from sandbox.aws.iam.callers.handlers import Resource, permissions_of_handlers
from sandbox.aws.iam.callers.operations import permissions_of_call
from sandbox.aws.iam.callers.principals import principal_of
from sandbox.aws.iam.callers.requests import Call, call_in, denial
from sandbox.aws.iam.objects import to_miss_an_object
from sandbox.aws.iam.permission import Caller
from sandbox.aws.organization import management_backend, organization_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# Where the environment of a request has its signature.
SIGNATURE: Final = "sandbox.signature"


def place_of(account: str, region: str) -> Caller:
    """The account of a caller with its organization, in a region."""
    backend = management_backend(account)
    return Caller(account, region, organization_id(account), backend.account_id if backend else None)


def checked(app: WSGIApplication, records: Records) -> WSGIApplication:
    """The application, refusing what the policies of a user or a role do not allow.

    Whoever has no policy is an administrator of the simulation, and may do everything.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        signature = environ[SIGNATURE]
        principal = principal_of(signature.key_id)
        if principal is None:
            return app(environ, start_response)
        body: bytes = environ["wsgi.input"].read()
        environ["wsgi.input"].seek(0)
        call = call_in(environ, body, signature.service)
        guard = CallerGuard(principal, records)
        try:
            _check(call, guard, place_of(get_account_id_from(signature.key_id), signature.region))
        except CallerDenied as denied:
            status, headers, text = denial(call, str(denied))
            start_response(f"{status.value} {status.phrase}", [*headers.items(), ("Content-Length", str(len(text)))])
            return [text]
        with calling(guard):
            return app(environ, start_response)

    return answer


def check_handler(guard: CallerGuard, resource: Resource, handler: str, account: str, region: str) -> None:
    """Check what CloudFormation does in a caller's name with a resource of an account and region.

    Raises:
        CallerDenied: if the caller's policies do not allow it.
    """
    for permission, via in permissions_of_handlers(resource, handler, place_of(account, region)):
        guard.check(permission, region, via)


def _check(call: Call, guard: CallerGuard, place: Caller) -> None:
    needed = permissions_of_call(call.service, call.operation, call.parameters, place)
    for permission in (*needed, *to_miss_an_object(call.service, call.operation, call.parameters)):
        guard.check(permission, place.region)
