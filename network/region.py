"""The Route 53 Profile of the networking account in one region, shared with the accounts whose VPCs are selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import GetAtt, Output, Ref, Sub, Tags, Template
from troposphere.ram import ResourceShare
from troposphere.route53profiles import Profile, ProfileResourceAssociation

from hub.runtime import contract
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.policy.vpc_selection import VpcSelection
from orgdns.cfn.zone_ids import shown_domain, zone_arn, zone_parameters, zone_title

if TYPE_CHECKING:
    from orgdns.config.load import Config


def network_region_template(config: Config) -> Template:
    """The stack of the networking account in each covered region, where zones are resolved by a Profile."""
    template = Template(
        Description="orgdns network region. The Route 53 Profile by which VPCs of the organization resolve zones in "
        "this region. Deploy once in each covered region."
    )
    template.set_version()
    zones = config.zones_by(AssociationMethod.PROFILE)
    for parameter in zone_parameters(zones):
        template.add_parameter(parameter)
    tags = Tags({"application": contract.PREFIX})
    profile = template.add_resource(Profile("Profile", Name=contract.PROFILE, Tags=tags))
    for zone in zones:
        template.add_resource(
            ProfileResourceAssociation(
                zone_title(zone.domain),
                Name=f"{contract.PREFIX}-{shown_domain(zone.domain).replace('.', '-')}"[:64],
                ProfileId=Ref(profile),
                ResourceArn=zone_arn(zone),
            )
        )
    template.add_resource(
        ResourceShare(
            "ProfileShare",
            Name=f"{contract.PREFIX}-profile",
            ResourceArns=[GetAtt(profile, "Arn")],
            # Who is shared with can associate any VPC of his, so no more than policy says are; and an account outside
            # of the organization is refused, whoever adds one.
            Principals=principals(config),
            AllowExternalPrincipals=False,
            Tags=tags,
        )
    )
    template.add_output(Output("ProfileId", Description="The Profile of this region.", Value=Ref(profile)))
    return template


def principals(config: Config) -> list[str | Sub]:
    """Whom the Profile is shared with: the accounts and units of the selections, or all that are covered.

    AWS RAM knows accounts, units and the whole organization, which a root stands for ("Shareable AWS resources",
    https://docs.aws.amazon.com/ram/latest/userguide/getting-started-sharing.html).
    """
    accounts: set[str] = set()
    units: set[str] = set()
    for association_policy in config.association_policies:
        if association_policy.method is AssociationMethod.PROFILE:
            for one in (VpcSelection(),) if association_policy.selections is None else association_policy.selections:
                everybody = one.accounts is None and one.units is None
                units |= set(config.organization.units) if everybody else one.units or frozenset()
                accounts |= one.accounts or frozenset()
    organization = config.organization
    if any(unit.startswith("r-") for unit in units):
        return [_of_organization(organization.management_account, f"organization/{organization.id}")]
    below = f"ou/{organization.id}"
    return [
        *sorted(accounts),
        *(_of_organization(organization.management_account, f"{below}/{unit}") for unit in sorted(units)),
    ]


def _of_organization(management_account: str, resource: str) -> Sub:
    return Sub(f"arn:${{AWS::Partition}}:organizations::{management_account}:{resource}")
