"""The bucket of history: what is asked of S3, and what its answers come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.response import StreamingBody

from hub.runtime.aws.history.bucket import HistoryBucket
from hub.runtime.history.keeper import HistoryUnavailable

OWNER = "222222222222"
Answer = Mapping[str, Any] | Exception


@dataclass
class S3:
    """Gives one answer after another, and keeps the requests."""

    answers: list[Answer] = field(default_factory=list)
    requests: list[Mapping[str, Any]] = field(default_factory=list)

    def _answer(self, **request: object) -> Mapping[str, Any]:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    put_object = get_object = list_objects_v2 = _answer


def bucket(*answers: Answer) -> tuple[HistoryBucket, S3]:
    client: Any = S3(list(answers))
    return HistoryBucket(client, "orgdns-history", OWNER), client


def refused(code: str, operation: str = "GetObject") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


def body(content: bytes) -> dict[str, Any]:
    return {"Body": StreamingBody(BytesIO(content), len(content))}


def page(*keys: str, token: str = "") -> dict[str, Any]:
    shown = {"Contents": [{"Key": key, "Size": len(key)} for key in keys]} if keys else {}
    return shown | {"IsTruncated": bool(token)} | ({"NextContinuationToken": token} if token else {})


CALLS: Mapping[str, Callable[[HistoryBucket], object]] = {
    "put": lambda found: found.put("raw/1", b"1"),
    "get": lambda found: found.get("raw/1"),
    "sizes": lambda found: found.sizes("raw/"),
    "first": lambda found: found.first("raw/"),
}


def test_object_is_written_and_read() -> None:
    """An object is written and read as a whole."""
    found, client = bucket({}, body(b"content"))
    found.put("raw/1", b"content")
    assert found.get("raw/1") == b"content"
    assert client.requests[0]["Body"] == b"content"
    assert [(each["Bucket"], each["Key"]) for each in client.requests] == [("orgdns-history", "raw/1")] * 2


def test_there_is_no_such_object() -> None:
    """An object that is not there is no fault: a day may have no manifest."""
    assert bucket(refused("NoSuchKey"))[0].get("days/2026-11-24/manifest.json") is None


def test_listing_has_all_pages() -> None:
    """The sizes are those of all pages; the second page is asked for with the token of the first."""
    found, client = bucket(page("raw/1", "raw/22", token="further"), page("raw/333"))
    assert found.sizes("raw/") == {"raw/1": 5, "raw/22": 6, "raw/333": 7}
    assert [each.get("ContinuationToken") for each in client.requests] == [None, "further"]


def test_nothing_is_listed() -> None:
    """S3 answers without `Contents` if nothing has the prefix."""
    assert bucket(page())[0].sizes("raw/") == {}
    assert bucket(page())[0].first("raw/") is None


def test_first_object_takes_one_call() -> None:
    """The name of the first object comes from one page with one name, however many there are."""
    found, client = bucket(page("days/1", token="further"))
    assert found.first("days/") == "days/1"
    assert client.requests[0]["MaxKeys"] == 1


@pytest.mark.parametrize("call", CALLS)
def test_each_call_names_the_owner(call: str) -> None:
    """A bucket that another account took has what that account says, so S3 refuses the call."""
    found, client = bucket(page("raw/1") | body(b"1"))
    CALLS[call](found)
    assert [each["ExpectedBucketOwner"] for each in client.requests] == [OWNER]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "error",
    [refused("AccessDenied"), refused("SlowDown"), EndpointConnectionError(endpoint_url="https://s3")],
    ids=["denied", "throttled", "unreachable"],
)
def test_refused_call_is_unavailable(call: str, error: Exception) -> None:
    """The message says what was tried, and what S3 said."""
    with pytest.raises(HistoryUnavailable, match=r"raw/.* in orgdns-history: "):
        CALLS[call](bucket(error)[0])


@pytest.mark.parametrize(
    "pages",
    [
        [{"IsTruncated": True, "Contents": []}],
        [page("raw/1", token="a"), page("raw/2", token="a")],
        [page("raw/1", token="a"), refused("AccessDenied", "ListObjectsV2")],
        [{"Contents": [{"Key": "raw/1", "Size": 1}]}],
        [{"IsTruncated": False, "Contents": [{"Size": 1}]}],
        [{"IsTruncated": False, "Contents": [{"Key": "", "Size": 1}]}],
        [{"IsTruncated": False, "Contents": [{"Key": "raw/1"}]}],
        [{"IsTruncated": False, "Contents": [{"Key": "raw/1", "Size": float("inf")}]}],
        [{"IsTruncated": False, "Contents": [None]}],
    ],
    ids=["no token", "circle", "refused", "no end", "no name", "empty name", "no size", "endless size", "nothing"],
)
def test_incomplete_listing_is_unavailable(pages: list[Answer]) -> None:
    """A listing that may lack objects is no listing: a day would be compacted without them."""
    with pytest.raises(HistoryUnavailable):
        bucket(*pages)[0].sizes("raw/")


def test_answer_without_a_body_is_unavailable() -> None:
    """An object without content is not an empty one."""
    with pytest.raises(HistoryUnavailable, match="Body"):
        bucket({"ContentLength": 1})[0].get("raw/1")


def test_content_that_breaks_off_is_unavailable() -> None:
    """A connection that ends before the content does has not read the object."""
    with pytest.raises(HistoryUnavailable):
        bucket({"Body": StreamingBody(BytesIO(b"half"), 8)})[0].get("raw/1")
