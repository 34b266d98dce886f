"""The stack of the networking account in one region: a Route 53 Profile, shared with the selected accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import GetAtt, Ref, Sub, Template
from troposphere.ram import ResourceShare
from troposphere.route53profiles import Profile, ProfileResourceAssociation

from hub.runtime.model.vpcs import AssociationMethod
from orgdns.cfn.outputs.parameters import Stack, add_output
from orgdns.cfn.zone_ids import shown_domain, zone_arn, zone_parameters, zone_title

if TYPE_CHECKING:
    from orgdns.config.load import Config


def network_region_template(config: Config) -> Template:
    """The stack of the networking account in each covered region, if VPCs resolve zones through a Profile."""
    template = Template(
        Description="orgdns network region. The Route 53 Profile through which VPCs in this region resolve the "
        "hosted zones. Deploy once in each covered region."
    )
    template.set_version()
    zones = config.zones_by(AssociationMethod.PROFILE)
    for parameter in zone_parameters(zones):
        template.add_parameter(parameter)
    profile = template.add_resource(Profile("Profile", Name=config.names.profile))
    for zone in zones:
        template.add_resource(
            ProfileResourceAssociation(
                zone_title(zone.domain),
                Name=config.names.of(shown_domain(zone.domain).replace(".", "-"))[:64],
                ProfileId=Ref(profile),
                ResourceArn=zone_arn(zone),
            )
        )
    template.add_resource(
        ResourceShare(
            "ProfileShare",
            Name=config.names.profile_share,
            ResourceArns=[GetAtt(profile, "Arn")],
            # An account that the Profile is shared with can associate any of its own VPCs, so only the accounts that
            # policy selects are principals. RAM refuses accounts outside the organization, even if added by hand.
            Principals=principals(config),
            AllowExternalPrincipals=False,
        )
    )
    description = "Route 53 Profile of this region."
    add_output(template, config.names, Stack.NETWORK_REGION, "ProfileId", description, Ref(profile))
    return template


def principals(config: Config) -> list[str | Sub]:
    """The accounts and units that the Profile is shared with: those that policy selects, or all covered units.

    AWS RAM shares with accounts, units, and the organization, which stands for its root ("Shareable AWS resources",
    https://docs.aws.amazon.com/ram/latest/userguide/getting-started-sharing.html).
    """
    accounts: set[str] = set()
    units: set[str] = set()
    for association_policy in config.association_policies:
        if association_policy.method is AssociationMethod.PROFILE:
            for selection in association_policy.selections:
                scope = selection.scope
                any_account = scope.accounts is None and scope.units is None
                units |= set(config.organization.units) if any_account else scope.units or frozenset()
                accounts |= set(config.organization.included) if any_account else scope.accounts or frozenset()
    organization = config.organization
    if any(unit.startswith("r-") for unit in units):
        return [_organization_arn(organization.management_account, f"organization/{organization.id}")]
    below = f"ou/{organization.id}"
    return [
        *sorted(accounts),
        *(_organization_arn(organization.management_account, f"{below}/{unit}") for unit in sorted(units)),
    ]


def _organization_arn(management_account: str, resource: str) -> Sub:
    return Sub(f"arn:${{AWS::Partition}}:organizations::{management_account}:{resource}")
