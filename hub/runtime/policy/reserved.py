"""Names that nobody in a member account can choose, whatever the rules say. Pure.

**Well-known names.** Machines ask for these names by themselves, below the domains in their search list, and take their
configuration from whoever answers. They are reserved as the first label of a name at any depth, because a search list
can be any domain: a client with the suffix `eu-west-1.payments.corp.internal` asks for
`wpad.eu-west-1.payments.corp.internal`. `policy.unreserved` frees a name. The list has names that no server has by
chance. Names that servers usually have (`puppet`, `salt`, `sip`, `proxy`) are left to `policy.reserved`. Names with an
underscore (`_ldap._tcp`, `_vlmcs._tcp`) are not host names, so no rule gives them.

- wpad, isatap: a proxy for every browser, and an IPv6 router. Windows DNS servers refuse to answer them ("Managing the
  Global Query Block List",
  https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-server-2008-R2-and-2008/cc794902(v=ws.10)).
- autodiscover, autoconfig: mail clients send passwords to the servers that they name ("Autodiscover for Exchange",
  https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/autodiscover-for-exchange;
  https://wiki.mozilla.org/Thunderbird:Autoconfiguration).
- lyncdiscover, lyncdiscoverinternal: the same for Skype for Business ("DNS requirements for Skype for Business",
  https://learn.microsoft.com/en-us/skypeforbusiness/plan-your-deployment/network-requirements/dns).
- enterpriseenrollment, enterpriseregistration: the device management that Windows enrolls in ("Enable auto-discovery of
  Intune enrollment server", https://learn.microsoft.com/en-us/mem/intune/enrollment/windows-enrollment-create-cname).
- mta-sts: the policy for mail to the domain (RFC 8461, section 3.3).
- instance-data: cloud-init takes user data from it, which it runs as root, where the link-local address does not answer
  (https://docs.cloud-init.io/en/latest/reference/datasources/ec2.html).
- localhost: software trusts it as the machine itself (RFC 6761, section 6.3).

**Codes of AWS regions.** In the label directly below a zone, `eu-west-1` looks like the place of all names of a region.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from hub.runtime.names.templates import VARIABLE, chosen, inner_labels

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.model.names import Fqdn
    from hub.runtime.names.templates import Template

WELL_KNOWN: Final = frozenset(
    {
        "autoconfig",
        "autodiscover",
        "enterpriseenrollment",
        "enterpriseregistration",
        "instance-data",
        "isatap",
        "localhost",
        "lyncdiscover",
        "lyncdiscoverinternal",
        "mta-sts",
        "wpad",
    }
)
# All regions of all partitions have this form ("AWS Regions",
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html); `web-prod-1` has another. A
# covered region counts in any form.
_REGION: Final = re.compile(
    r"(?:af|ap|ca|cn|eu|eusc|il|me|mx|sa|us)(?:-(?:gov|iso[a-z]?|de))?"
    r"-(?:central|north|south|(?:north|south)?(?:east|west))-[0-9]{1,2}"
)


def is_well_known(label: str, unreserved: Collection[str]) -> bool:
    """Whether a label is a well-known name that is reserved as the first label of a name."""
    return label in WELL_KNOWN and label not in unreserved


def first_chosen(fqdn: Fqdn, template: Template) -> str | None:
    """The first label in a name of the template, if someone in a member account chooses it."""
    return _chosen_label(fqdn, template, 0)


def chosen_below_zone(fqdn: Fqdn, template: Template) -> str | None:
    """The label directly below the zone in a name of the template, if someone in a member account chooses it."""
    return _chosen_label(fqdn, template, -1)


def _chosen_label(fqdn: Fqdn, template: Template, position: int) -> str | None:
    if not _is_chosen(template, position):
        return None
    return fqdn.removesuffix(f".{template.domain}").split(".")[position]


@cache
def _is_chosen(template: Template, position: int) -> bool:
    return any(chosen(variable) for variable in VARIABLE.findall(inner_labels(template)[position]))


def is_region(label: str, regions: Collection[str]) -> bool:
    """Whether a label is the code of an AWS region, or of one of these."""
    return label in regions or _REGION.fullmatch(label) is not None
