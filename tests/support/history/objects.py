"""The bucket of history in memory: what S3 answers, and what the objects hold."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.support.fuzz.answers import Answer, Refused
from tests.support.fuzz.organization import TIME, Organization


def _put_object(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    organization.objects[request["Key"]] = request["Body"]
    return {"ETag": '"e4e68fb7bd0e697a0ae8f1bb342846b3"', "ServerSideEncryption": "AES256"}


def _get_object(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    if request["Key"] not in organization.objects:
        raise Refused("NoSuchKey")
    content = organization.objects[request["Key"]]
    # A text with a character for each byte, of which the client makes a stream.
    return {"Body": content.decode("latin-1"), "ContentLength": len(content), "LastModified": TIME}


def _list_objects(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    """Pages of a single object each."""
    keys = [key for key in sorted(organization.objects) if key.startswith(request["Prefix"])]
    keys = [key for key in keys if key > request.get("ContinuationToken", "")]
    page: dict[str, Any] = {"Name": request["Bucket"], "Prefix": request["Prefix"], "IsTruncated": len(keys) > 1}
    page |= {"MaxKeys": 1000, "KeyCount": len(keys[:1])}
    shown = [{"Key": key, "Size": len(organization.objects[key]), "LastModified": TIME} for key in keys[:1]]
    return page | ({"Contents": shown} if shown else {}) | ({"NextContinuationToken": keys[0]} if keys[1:] else {})


ANSWERS: Final[Mapping[str, Answer]] = {
    "s3.GetObject": _get_object,
    "s3.ListObjectsV2": _list_objects,
    "s3.PutObject": _put_object,
}


def lines(organization: Organization) -> Iterator[str]:
    """What the objects of each folder hold."""
    for key, content in organization.objects.items():
        text = gzip.decompress(content) if key.endswith(".gz") else content
        yield from (f"{key.rpartition('/')[0]}: {line}" for line in text.decode().splitlines())
