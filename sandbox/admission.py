"""Which requests the sandbox's API answers: those of a program on this machine that has a key of the sandbox. Pure.

The API deploys templates and runs functions, so whoever can use it can do much on the developer's machine. A web page
can make the browser send requests to loopback, and with DNS rebinding under a name of its own; other users of the
machine can connect, too.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

# The services that orgdns, its templates, and the walks through the sandbox use, as signatures name them. moto has more
# than a hundred others, some of which run containers or send requests to any address.
SERVICES: Final = frozenset(
    {
        "cloudformation",
        "dynamodb",
        "ec2",
        "events",
        "iam",
        "kms",
        "lambda",
        "logs",
        "monitoring",
        "organizations",
        "ram",
        "route53",
        "route53profiles",
        "route53resolver",
        "s3",
        "scheduler",
        "sns",
        "sqs",
        "ssm",
        "sts",
    }
)
# A zipped package has at most 50 MB: "Lambda quotas"
# (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
MAX_BODY: Final = 64 * 1024 * 1024
# "Elements of an AWS API request signature"
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html): a signature is good for five minutes.
FRESH_SECONDS: Final = 300
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"})
_HOSTS: Final = ("127.0.0.1", "localhost")
# moto's own API, which resets everything, and its other paths without signatures.
_CONTROL_PATHS: Final = ("/moto-api", "/latest/meta-data", "/latest/api", "/favicon.ico")
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key_id>[A-Z0-9]{16,32})/(?P<date>[0-9]{8})/(?P<region>[a-z0-9-]{1,32})"
    r"/(?P<service>[a-z0-9-]{1,32})/aws4_request, ?SignedHeaders=(?P<headers>[a-z0-9_;-]+)"
    r", ?Signature=(?P<signature>[0-9a-f]{64})"
)
_USE_THE_CONFIGURATION: Final = "use the AWS configuration file that `make sandbox` printed"


class Refused(Exception):
    """The request is not answered. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request says about its signature, by Signature Version 4."""

    key_id: str
    date: str
    region: str
    service: str
    headers: tuple[str, ...]
    value: str


def signature_of(environ: Mapping[str, object], port: int) -> Signature:
    """Return the signature of a request to the server on this port, as far as its head tells whether to answer it.

    Raises:
        Refused: if it is not a request of a program on this machine, for a service of the sandbox, with a signature.
    """
    _check_sender(environ, port)
    _check_target(environ)
    match = _AUTHORIZATION.fullmatch(str(environ.get("HTTP_AUTHORIZATION", "")))
    if match is None:
        raise Refused(
            "the request has no signature (Signature Version 4) in its Authorization header: sign it with a key of the "
            f"sandbox, or {_USE_THE_CONFIGURATION}"
        )
    service = match["service"]
    if service not in SERVICES:
        raise Refused(f"the sandbox does not serve {service!r}: it serves {', '.join(sorted(SERVICES))}")
    return Signature(
        match["key_id"], match["date"], match["region"], service, tuple(match["headers"].split(";")), match["signature"]
    )


def _check_sender(environ: Mapping[str, object], port: int) -> None:
    hosts = [f"{host}:{port}" for host in _HOSTS]
    if environ.get("HTTP_HOST") not in hosts:
        raise Refused(f"the Host header is not {' or '.join(hosts)}: use http://{hosts[0]} as the endpoint")
    for header in ("Origin", "Sec-Fetch-Site"):
        if f"HTTP_{header.upper().replace('-', '_')}" in environ:
            raise Refused(f"the request has the header {header}, so a browser sent it: use the AWS CLI or an SDK")
    if any(name.startswith("HTTP_X_MOTO_") for name in environ):
        raise Refused("the request has a header x-moto-...: choose the account by its key instead")


def _check_target(environ: Mapping[str, object]) -> None:
    if environ.get("REQUEST_METHOD") not in _METHODS:
        raise Refused(f"the method is not one of {', '.join(sorted(_METHODS))}")
    raw = str(environ.get("RAW_URI", ""))
    if not raw.startswith("/") or not raw.isascii():
        raise Refused("the request names something else than a path on this server: send the path alone")
    if str(environ.get("PATH_INFO", "")).startswith(_CONTROL_PATHS):
        raise Refused("the path is one of the emulator's own: the sandbox serves AWS's API alone")
    if "HTTP_TRANSFER_ENCODING" in environ:
        raise Refused("the request does not say how long its body is: send Content-Length, as SDKs do")
    length = str(environ.get("CONTENT_LENGTH") or 0)
    if not (length.isascii() and length.isdigit() and int(length) <= MAX_BODY):
        raise Refused(f"the body is larger than {MAX_BODY:,} bytes")


def check_signature(environ: Mapping[str, object], body: bytes, signature: Signature, secret: str, now: float) -> None:
    """Check that who sent a request has the secret of the key, by signing it again as botocore does.

    "AWS Signature Version 4 for API requests"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).

    Raises:
        Refused: if the signature is another, is old, or leaves out the host, the date or the body.
    """
    if not {"host", "x-amz-date"} <= set(signature.headers):
        raise Refused("the signature does not cover the headers Host and X-Amz-Date: sign them, too")
    timestamp = str(environ.get("HTTP_X_AMZ_DATE", ""))
    if not timestamp.startswith(signature.date) or abs(_seconds(timestamp) - now) > FRESH_SECONDS:
        raise Refused(
            f"the signature is not of the last {FRESH_SECONDS // 60} minutes: check the clock, and send again"
        )
    claimed = environ.get("HTTP_X_AMZ_CONTENT_SHA256")
    if claimed is not None and claimed != hashlib.sha256(body).hexdigest():
        raise Refused("the signature does not cover the body: sign the payload, which SDKs do for http endpoints")
    request = AWSRequest(
        method=str(environ["REQUEST_METHOD"]),
        url=f"http://{environ['HTTP_HOST']}{environ['RAW_URI']}",
        headers={name: _header(environ, name) for name in signature.headers},
        data=body,
    )
    request.context["timestamp"] = timestamp
    kind = S3SigV4Auth if signature.service == "s3" else SigV4Auth
    signer = kind(Credentials(signature.key_id, secret), signature.service, signature.region)
    expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    if not hmac.compare_digest(expected, signature.value):
        raise Refused(f"the signature does not fit the key {signature.key_id}: {_USE_THE_CONFIGURATION}")


def unknown_key(key_id: str) -> Refused:
    """The refusal of a key that this sandbox did not issue."""
    return Refused(
        f"the key {key_id} is not one of this sandbox, which makes new keys when it starts: {_USE_THE_CONFIGURATION}"
    )


def _header(environ: Mapping[str, object], name: str) -> str:
    key = name.upper().replace("-", "_")
    return str(environ.get(key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}", ""))


def _seconds(timestamp: str) -> float:
    try:
        return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return float("-inf")
