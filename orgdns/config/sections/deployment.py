"""What `orgdns deploy` passes to the stacks, and where it works."""

from typing import Annotated, Literal

from pydantic import Field

from orgdns.config.sections.section import Section
from orgdns.config.types import Region

# "Bucket naming rules": 3 to 63 characters (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
Bucket = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
TopicArn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$")]
# "RoleName" and "Path" (https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html).
RoleName = Annotated[str, Field(pattern=r"^(/?[\x21-\x2e\x30-\x7e]+/)*[A-Za-z0-9_+=,.@-]{1,64}$", max_length=512)]


class Deployment(Section):
    """What `orgdns deploy` needs beside the rest of the file. What is not here stays as it is deployed."""

    role: RoleName | None = None
    """The role that `orgdns deploy` assumes in an account that the current credentials are not of, the same in all
    accounts, with its path if it has one."""
    bucket: Bucket | None = None
    """A bucket of the hub account and region for the templates and the package. Without it, `orgdns deploy` creates
    one."""
    network_region: Region | None = None
    """The region of the networking account's stack; without it, that of the hub. Its resources are global."""
    cloudtrail: bool | None = None
    """Whether a CloudTrail trail logs the management events of the covered accounts. orgdns then reacts within seconds
    to a new VPC, and to an interface or address that moves to another instance; otherwise within an hour."""
    zone_changes: bool = False
    """Whether a CloudTrail trail logs the management events of the networking account. orgdns then repairs within
    seconds what someone else changes in its records."""
    alarm_topic: TopicArn | None = None
    """The SNS topic, in the hub account and region, that gets the alarms."""
    log_level: Literal["DEBUG", "INFO"] | None = None
    """The log level of the functions."""
