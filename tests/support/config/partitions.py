"""The organization of the example in other partitions."""

from __future__ import annotations

from typing import Final

from orgdns.config.load import Config, parse
from sandbox import example

# The regions of each partition but `aws`, first that of the hub.
REGIONS: Final = {
    "aws-us-gov": ("us-gov-west-1", "us-gov-east-1"),
    "aws-cn": ("cn-northwest-1", "cn-north-1"),
    "aws-eusc": ("eusc-de-east-1",),
}


def example_in(partition: str) -> Config:
    """The example's configuration with the regions of another partition."""
    regions = REGIONS[partition]
    text = example.CONFIG.read_text(encoding="utf-8")
    text = text.replace("[eu-central-1, eu-west-1, us-east-1]", f"[{', '.join(regions)}]")
    return parse(text.replace("region: eu-central-1", f"region: {regions[0]}"))
