"""Reads what several operations have in common from a request to moto's Route 53."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.route53.exceptions import Route53ClientError

from sandbox.aws.pages import InvalidToken, page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moto.route53.responses import Route53


def vpc_of(response: Route53) -> tuple[str, str]:
    """The id and the region of the VPC in a request."""
    return response._get_param("VPC.VPCId"), response._get_param("VPC.VPCRegion")


def page_of(response: Route53, ids: Iterable[str], size: int) -> tuple[list[str], str | None]:
    """The requested page, and the token of the next page."""
    try:
        return page(ids, response._get_param("NextToken"), size)
    except InvalidToken as error:
        raise Route53ClientError(
            "InvalidPaginationToken",
            "The value that you specified to get the second or subsequent page of results is invalid.",
        ) from error
