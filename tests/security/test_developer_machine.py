"""Who reaches the API of `make sandbox` without a key of it: a web page in a browser, and another user of the machine.

The API runs in the developer's own process: whoever can deploy a template there is halfway to their files.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.example import HUB, PAYMENTS
from sandbox.world import World
from tests.support.security.api import DESCRIBE, FORM, REGION, Api, served

KEY = "A" * 20


@pytest.fixture(scope="module")
def api(made: World) -> Iterator[Api]:
    with served(made) as serving:
        yield serving


def refusal(api: Api, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> str:
    """The reason of a refusal, which no web page can read."""
    answer = api.send(method, target, headers, body)
    assert answer.status == 403, answer
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "access-control-allow-origin" not in answer.headers
    assert answer.text.startswith("The sandbox refuses the request: ")
    return answer.text


def test_person_with_a_key_is_answered(api: Api) -> None:
    """What the attacks below change one thing of is answered, under both names of loopback."""
    for host in (api.host, f"localhost:{api.port}"):
        answer = api.send("POST", "/", api.signed(PAYMENTS, Host=host), DESCRIBE)
        assert answer.status == 200, answer


@pytest.mark.parametrize(
    "host",
    ["evil.example:{port}", "evil.example", "127.0.0.1", "localhost", "127.0.0.1:1", "127.0.0.1.evil.example:{port}",
     "s3.amazonaws.com", "bucket.localhost:{port}", "127.0.0.1:{port}.evil.example", "LOCALHOST:{port}", ""],
)  # fmt: skip
def test_web_page_with_a_name_for_loopback_is_refused(api: Api, host: str) -> None:
    """DNS rebinding: the browser believes that the page's own server answers, and lets the page read."""
    headers = api.signed(PAYMENTS, Host=host.format(port=api.port) or "x") | {"Host": host.format(port=api.port)}
    assert "Host header" in refusal(api, "POST", "/", headers, DESCRIBE)


def test_request_without_a_host_or_with_another_in_its_target_is_refused(api: Api) -> None:
    """A Host header is needed, and a target with a host of its own does not replace it."""
    headers = api.signed(PAYMENTS)
    del headers["Host"]
    assert "Host header" in refusal(api, "POST", "/", headers, DESCRIBE)
    target = f"http://{api.host}/"
    assert "send the path alone" in refusal(api, "POST", target, headers | {"Host": "evil.example"}, DESCRIBE)


@pytest.mark.parametrize(
    "header",
    [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"),
     ("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "same-origin")],
)  # fmt: skip
def test_request_of_a_browser_is_refused(api: Api, header: tuple[str, str]) -> None:
    """A page of another site can send requests, though it cannot read the answers; a browser marks all of them."""
    headers = api.signed(PAYMENTS) | {header[0]: header[1]}
    assert f"the header {header[0]}" in refusal(api, "POST", "/", headers, DESCRIBE)


def test_preflight_is_refused(api: Api) -> None:
    """A browser asks before it sends a request with unusual headers, and must not be encouraged."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    headers = {"Host": api.host, "Origin": "https://evil.example", **asked}
    refusal(api, "OPTIONS", "/", headers)
    assert "the method" in refusal(api, "OPTIONS", "/", {"Host": api.host, **asked})


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"Action=CreateStack&StackName=mine&Version=2010-05-15&TemplateBody={}", FORM),
        (b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=x&RoleSessionName=y&WebIdentityToken=z", FORM),
        (DESCRIBE, {"Content-Type": "text/plain"}),
        (b"{}", {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"}),
        (
            DESCRIBE,
            FORM | {"Authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20261128/eu-central-1/ec2/aws4_request"},
        ),
        (DESCRIBE, FORM | {"Authorization": f"AWS {KEY}:signature"}),
        (DESCRIBE, FORM | {"Authorization": "Bearer x"}),
    ],
)
def test_other_user_without_a_key_is_refused(api: Api, body: bytes, headers: dict[str, str]) -> None:
    """A request without a signature, or with half of one, is refused, also where AWS asks for none."""
    for path in ("/", "/bucket/key", "/lambda_eu-central-1/x", "/.well-known/jwks.json", f"/?AWSAccessKeyId={KEY}"):
        assert "no signature" in refusal(api, "POST", path, {"Host": api.host, **headers}, body)


def test_other_user_who_guesses_a_key_is_refused(api: Api) -> None:
    """The id of a key is not a secret: without its secret it is worth nothing, and an unknown one neither."""
    key_id, _ = api.made.access_key(HUB)
    headers = api.signed(Credentials(key_id, "guessed"))
    assert f"does not fit the key {key_id}" in refusal(api, "POST", "/", headers, DESCRIBE)
    for guessed in ("AKIAEXAMPLE000000000", "ASIA" + "0" * 16):
        headers = api.signed(Credentials(guessed, "guessed"))
        assert "not one of this sandbox" in refusal(api, "POST", "/", headers, DESCRIBE)


def test_other_user_who_saw_a_request_cannot_change_it(api: Api) -> None:
    """A signature that was seen, in a log for example, fits no other request."""
    headers = api.signed(PAYMENTS)
    other = DESCRIBE.replace(b"DescribeInstances", b"RunInstances&MaxCount=1&MinCount=1")
    assert "does not fit" in refusal(api, "POST", "/", headers, other)
    assert "does not fit" in refusal(api, "PUT", "/", headers, DESCRIBE)
    assert "does not fit" in refusal(api, "POST", "/other", headers, DESCRIBE)
    assert "does not fit" in refusal(api, "POST", "/?Action=RunInstances", headers, DESCRIBE)
    moved = headers["Authorization"].replace("/ec2/", "/lambda/")
    assert "does not fit" in refusal(api, "POST", "/", headers | {"Authorization": moved}, DESCRIBE)
    put = api.signed(PAYMENTS, "s3", b"mine", method="PUT", path="/bucket/key")
    assert "does not cover the body" in refusal(api, "PUT", "/bucket/key", put, b"yours")
    hidden = put | {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    assert "does not cover the body" in refusal(api, "PUT", "/bucket/key", hidden, b"yours")


def test_signature_that_was_seen_yesterday_is_refused(api: Api) -> None:
    """A signature is good for five minutes, and says when it was made."""
    headers = api.signed(PAYMENTS)
    assert "does not fit" in refusal(api, "POST", "/", headers | {"X-Amz-Date": _date(seconds=-60)}, DESCRIBE)
    for seconds in (-400, 400, -86_400):
        moved = headers | {"X-Amz-Date": _date(seconds=seconds)}
        assert "of the last 5 minutes" in refusal(api, "POST", "/", moved, DESCRIBE)
    assert "of the last 5 minutes" in refusal(api, "POST", "/", headers | {"X-Amz-Date": "yesterday"}, DESCRIBE)
    for name in ("host", "x-amz-date"):
        fewer = headers["Authorization"].replace(f"{name};", "").replace(f";{name}", "")
        assert "does not cover" in refusal(api, "POST", "/", headers | {"Authorization": fewer}, DESCRIBE)


def _date(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y%m%dT%H%M%SZ")


def test_signature_in_the_query_is_refused(api: Api) -> None:
    """A presigned URL can be followed by anybody who sees it, also by a page's image."""
    request = AWSRequest("GET", f"http://{api.host}/?{DESCRIBE.decode()}")
    SigV4QueryAuth(Credentials(*api.made.access_key(PAYMENTS)), "ec2", REGION).add_auth(request)
    target = str(request.url).removeprefix(f"http://{api.host}")
    assert "in its Authorization header" in refusal(api, "GET", target, {"Host": api.host})


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/moto-api/reset"), ("POST", "/moto-api/seed?a=1"), ("GET", "/moto-api/data.json"),
     ("GET", "/moto-api/"), ("POST", "/%6doto-api/reset"), ("GET", "/latest/meta-data/iam/security-credentials/"),
     ("PUT", "/latest/api/token"), ("GET", "/favicon.ico")],
)  # fmt: skip
def test_emulators_own_paths_are_refused(api: Api, method: str, path: str) -> None:
    """Moto can be reset, seeded and read through paths without signatures; a signature does not open them, either."""
    refused = [refusal(api, method, path, {"Host": api.host})]
    refused.append(refusal(api, method, path, api.signed(PAYMENTS, "s3", b"", method=method, path=path)))
    assert all("the emulator's own" in text for text in refused)
    assert api.made.client("lambda", HUB).list_functions()["Functions"]


@pytest.mark.parametrize("name", ["x-moto-account-id", "X-Moto-Account-Id", "x-moto-anything"])
def test_account_cannot_be_chosen_by_a_header(api: Api, name: str) -> None:
    """The key alone says whose account it is."""
    headers = api.signed(PAYMENTS) | {name: HUB}
    assert "x-moto-" in refusal(api, "POST", "/", headers, DESCRIBE)


def test_deactivated_key_is_refused(api: Api) -> None:
    """A key that its owner deactivated or deleted is worth nothing."""
    iam = api.client("iam", PAYMENTS)
    iam.create_user(UserName="visitor")
    key = iam.create_access_key(UserName="visitor")["AccessKey"]
    own = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    assert api.send("POST", "/", api.signed(own), DESCRIBE).status == 200
    iam.update_access_key(UserName="visitor", AccessKeyId=own.access_key, Status="Inactive")
    assert "not one of this sandbox" in refusal(api, "POST", "/", api.signed(own), DESCRIBE)
    iam.delete_access_key(UserName="visitor", AccessKeyId=own.access_key)
    assert "not one of this sandbox" in refusal(api, "POST", "/", api.signed(own), DESCRIBE)


def test_large_body_is_not_read(api: Api) -> None:
    """Nobody can fill the memory of the machine, with or without a key."""
    for headers in ({"Host": api.host}, api.signed(PAYMENTS)):
        assert "larger than" in refusal(api, "POST", "/", headers | {"Content-Length": str(10**12)})
        assert "larger than" in refusal(api, "POST", "/", headers | {"Content-Length": "-1"})
    chunked = api.signed(PAYMENTS) | {"Transfer-Encoding": "chunked"}
    assert "Content-Length" in refusal(api, "POST", "/", chunked)
