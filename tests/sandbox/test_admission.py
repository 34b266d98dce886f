"""The pure decision whether the sandbox's API answers a request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from sandbox.admission import SERVICES, Refused, check_signature, signature_of

PORT = 5600
KEY = Credentials("ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI")
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
HEADERS = st.dictionaries(
    st.sampled_from(["x-amz-meta-a", "x-amz-target", "content-type"]), st.text("ab/ ,=", max_size=8)
)


def environ_of(request: AWSRequest, body: bytes) -> dict[str, Any]:
    """A request as the server's gateway interface gives it to the application."""
    url = urlsplit(str(request.url))
    raw = url.path + (f"?{url.query}" if url.query else "")
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    return headers | {
        "REQUEST_METHOD": request.method,
        "RAW_URI": raw,
        "PATH_INFO": url.path,
        "HTTP_HOST": f"127.0.0.1:{PORT}",
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
    }


def signed(service: str, body: bytes, path: str, query: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
    words = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query.items())
    url = f"http://127.0.0.1:{PORT}/{quote(path, safe='/~')}" + (f"?{words}" if words else "")
    request = AWSRequest("PUT", url, headers | {"host": f"127.0.0.1:{PORT}"}, body)
    (S3SigV4Auth if service == "s3" else SigV4Auth)(KEY, service, "eu-central-1").add_auth(request)
    return environ_of(request, body)


def check(environ: dict[str, Any], body: bytes, secret: str = KEY.secret_key) -> None:
    check_signature(environ, body, signature_of(environ, PORT), secret, datetime.now(UTC).timestamp())


@given(
    st.sampled_from(sorted(SERVICES)), st.binary(max_size=8), TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3), HEADERS
)
def test_what_an_sdk_signs_is_admitted_and_nothing_else(
    service: str, body: bytes, path: str, query: dict[str, str], headers: dict[str, str]
) -> None:
    """Any request that botocore signs is admitted. With another secret, body, path, method or header, it is refused."""
    environ = signed(service, body, path, query, headers)
    check(environ, body)
    with pytest.raises(Refused):
        check(environ, body, "guessed")
    with pytest.raises(Refused):
        check(environ, body + b"x")
    changes = {"REQUEST_METHOD": "POST", "RAW_URI": f"{environ['RAW_URI']}x", "HTTP_X_AMZ_DATE": "20200101T000000Z"}
    changes |= {"HTTP_X_AMZ_TARGET": "other"} if headers.get("x-amz-target") else {}
    for name, value in changes.items():
        with pytest.raises(Refused):
            check(environ | {name: value}, body)


@given(st.dictionaries(st.sampled_from(
    ["HTTP_HOST", "HTTP_AUTHORIZATION", "RAW_URI", "PATH_INFO", "REQUEST_METHOD", "CONTENT_LENGTH", "HTTP_X_AMZ_DATE",
     "HTTP_X_AMZ_CONTENT_SHA256", "CONTENT_TYPE"]
), TEXTS))  # fmt: skip
def test_any_other_request_is_refused_with_a_reason(changes: dict[str, str]) -> None:
    """Whatever stands in the head of a request, the answer is a sentence."""
    environ = signed("ec2", b"", "", {}, {}) | {"HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256"} | changes
    with pytest.raises(Refused, match=r"[a-z]+: |[a-z]+"):
        check(environ, b"")
