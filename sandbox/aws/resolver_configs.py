"""Resolver configurations: whether a VPC has autodefined rules, as its account configures it.

A simulation: the emulator has none. A change takes effect at once, without intermediate states.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from moto.route53resolver.exceptions import (
    InvalidNextTokenException,
    ResourceNotFoundException,
    RRValidationException,
)
from moto.route53resolver.responses import Route53ResolverResponse

from sandbox.aws.bridge import replaced
from sandbox.aws.pages import InvalidToken, page
from sandbox.aws.vpcs.shared_subnets import own_vpcs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.network import AutodefinedRules

# "up to 100 Resolver configurations are returned":
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListResolverConfigs.html
MAX_PAGE: Final = 100
# The effect of each flag. USE_LOCAL_RESOURCE_SETTING is meant for a Profile; AWS does not document what it does to a
# VPC. Here the VPC returns to its default.
_ENABLED_BY: Final = {"ENABLE": True, "DISABLE": False, "USE_LOCAL_RESOURCE_SETTING": True}

# A request of the emulator, which ships no types.
Moto = Any


@contextmanager
def resolver_configs(rules: AutodefinedRules) -> Iterator[None]:
    """Let Route 53 Resolver read and change whether VPCs have autodefined rules, while the context lasts."""

    def get_resolver_config(response: Moto) -> str:
        return json.dumps({"ResolverConfig": _config(rules, response, response._get_param("ResourceId"))})

    def list_resolver_configs(response: Moto) -> str:
        # The reference says "the Resolver configurations that you have defined". But GetResolverConfig returns one for
        # any VPC, and the listing needs ec2:DescribeVpcs, so here every VPC has one, and all of them are listed.
        size = min(int(response._get_param("MaxResults") or MAX_PAGE), MAX_PAGE)
        try:
            ids, following = page(_vpcs(response), response._get_param("NextToken"), size)
        except InvalidToken as error:
            raise InvalidNextTokenException from error
        configs = [_config(rules, response, vpc_id) for vpc_id in ids]
        return json.dumps({"ResolverConfigs": configs} | ({"NextToken": following} if following else {}))

    def update_resolver_config(response: Moto) -> str:
        vpc_id, flag = response._get_param("ResourceId"), response._get_param("AutodefinedReverseFlag")
        if flag not in _ENABLED_BY:
            raise RRValidationException([("autodefinedReverseFlag", flag, "satisfy enum value set")])
        _check_vpc(response, vpc_id)
        rules.set_enabled(vpc_id, enabled=_ENABLED_BY[flag])
        return json.dumps({"ResolverConfig": _config(rules, response, vpc_id)})

    with replaced(
        Route53ResolverResponse,
        get_resolver_config=get_resolver_config,
        list_resolver_configs=list_resolver_configs,
        update_resolver_config=update_resolver_config,
    ):
        yield


def _vpcs(response: Moto) -> tuple[str, ...]:
    """The ids of the caller's VPCs in the region of the call."""
    return own_vpcs(response.current_account, response.region)


def _check_vpc(response: Moto, vpc_id: str) -> None:
    if vpc_id not in _vpcs(response):
        raise ResourceNotFoundException(f"The VPC '{vpc_id}' does not exist")


def _config(rules: AutodefinedRules, response: Moto, vpc_id: str) -> dict[str, str]:
    """The configuration of one of the caller's VPCs: "ResolverConfig".

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ResolverConfig.html
    """
    _check_vpc(response, vpc_id)
    return {
        "Id": f"rslvr-rc-{sha256(vpc_id.encode()).hexdigest()[:16]}",
        "ResourceId": vpc_id,
        "OwnerId": response.current_account,
        "AutodefinedReverse": "ENABLED" if rules.is_enabled(vpc_id) else "DISABLED",
    }
