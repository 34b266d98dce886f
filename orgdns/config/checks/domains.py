"""Domains whose zones would hide the names of AWS or of the internet from the VPCs that resolve them.

A private zone answers for every name below its domain, and a name that is not in it does not exist ("Considerations
when working with a private hosted zone",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html). A zone
`amazonaws.com` would take the API of every AWS service from the VPCs.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from botocore.loaders import create_loader

from hub.runtime.names.labels import is_in

if TYPE_CHECKING:
    from hub.runtime.model.names import Fqdn

# Names of EC2 instances ("Amazon EC2 instance hostname types",
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html).
_EC2: Final = ("ec2.internal", "compute.internal")
# Names of AWS that are no endpoint of an API: the console and sign-in, files, certificates, functions, load balancers
# and user pools of customers. Nobody else registers names below `aws`. "IAM Identity Center: domains to allow"
# (https://docs.aws.amazon.com/singlesignon/latest/userguide/allowlist-domains.html), "Lambda function URLs"
# (https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html), "Amazon Trust Services"
# (https://www.amazontrust.com/repository/).
_OF_AWS: Final = (
    "amazon.com",
    "amazoncognito.com",
    "amazontrust.com",
    "aws.dev",
    "aws",
    "awsapps.com",
    "awsstatic.com",
    "cloudfront.net",
)
# Second labels below which countries register names, such as `co.uk`. "Public Suffix List" (https://publicsuffix.org).
_REGISTRIES: Final = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})
_COUNTRY: Final = 2


def hidden(domain: Fqdn) -> str | None:
    """What a zone of this domain would hide from the VPCs that resolve it, or None if it hides nothing known."""
    labels = domain.removesuffix(".").split(".")
    name = ".".join(labels)
    if len(labels) == 1:
        below = [each for each in (*_EC2, *_endpoints()) if each.endswith(f".{name}")]
        return f"is a top-level domain{f', above {below[0]}' if below else ''}"
    if len(labels) == _COUNTRY and len(labels[1]) == _COUNTRY and labels[0] in _REGISTRIES:
        return "is a domain below which a country registers names"
    for theirs, what in (
        *((each, "EC2's own names of instances") for each in _EC2),
        *((each, "the names of AWS's APIs") for each in _endpoints()),
        *((each, "names of AWS") for each in _OF_AWS),
    ):
        if is_in(theirs, name) or is_in(name, theirs):
            return f"would hide {what} (*.{theirs})"
    return None


@cache
def _endpoints() -> tuple[str, ...]:
    """The domains of the endpoints of AWS's APIs, in all partitions, as botocore knows them."""
    partitions = create_loader().load_data("endpoints")["partitions"]
    found = {partition["dnsSuffix"] for partition in partitions}
    for partition in partitions:
        found |= {each["dnsSuffix"] for each in partition["defaults"]["variants"] if "dnsSuffix" in each}
    return tuple(sorted(found))
