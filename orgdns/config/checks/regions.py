"""Regions that an account has only if somebody enables them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orgdns.config.partitions import partition_of

if TYPE_CHECKING:
    from collections.abc import Iterable

# The Regions that every account of the partition `aws` has. "Regions introduced after March 20, 2019" are disabled by
# default, so the list is closed ("Enable or disable AWS Regions in your account",
# https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html). The accounts of other partitions have
# all Regions of theirs.
_ENABLED_BY_DEFAULT: Final = frozenset(
    {
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)


def opt_in(regions: Iterable[str]) -> tuple[str, ...]:
    """The regions that somebody must enable in an account, sorted."""
    return tuple(
        sorted(region for region in regions if region not in _ENABLED_BY_DEFAULT and partition_of(region) == "aws")
    )


def opt_in_warning(regions: Iterable[str]) -> str | None:
    """What to do about opt-in regions, or None if there are none.

    StackSets needs the region in the management account and in the account itself ("Prepare to perform StackSet
    operations in AWS Regions that are disabled by default",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-opt-in-regions.html).
    """
    found = opt_in(regions)
    if not found:
        return None
    return (
        f"spokes.regions: {', '.join(found)}: opt-in: no account has such a region until somebody enables it. Enable "
        "it in the management account and in each account that uses it (aws account enable-region). StackSets does "
        "not deploy to an account without it, and orgdns coverage shows that account"
    )
