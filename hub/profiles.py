"""The Route 53 Profile of the networking account in one region, shared with the organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import GetAtt, Output, Ref, Sub, Tags, Template
from troposphere.ram import ResourceShare
from troposphere.route53profiles import Profile, ProfileResourceAssociation

from hub.network import zone_id_title
from hub.runtime import contract
from hub.runtime.vpcs import Means
from hub.zone_parameters import zone_arn, zone_parameters

if TYPE_CHECKING:
    from hub.config import Config


def template(config: Config) -> Template:
    """The stack of the networking account in each covered region, where zones are resolved by a Profile."""
    template = Template(
        Description="orgdns network region. The Route 53 Profile by which VPCs of the organization resolve zones in "
        "this region. Deploy once in each covered region."
    )
    template.set_version()
    zones = config.zones_by(Means.PROFILE)
    for parameter in zone_parameters(zones):
        template.add_parameter(parameter)
    tags = Tags({"application": contract.PREFIX})
    profile = template.add_resource(Profile("Profile", Name=contract.PROFILE, Tags=tags))
    for zone in zones:
        title = zone_id_title(zone.domain)
        template.add_resource(
            ProfileResourceAssociation(
                title.replace("ZoneId", "Zone", 1),
                Name=f"{contract.PREFIX}-{zone.domain.removesuffix('.').replace('.', '-')}"[:64],
                ProfileId=Ref(profile),
                ResourceArn=zone_arn(zone),
            )
        )
    organization = f"{config.organization.management_account}:organization/{config.organization.id}"
    template.add_resource(
        ResourceShare(
            "ProfileShare",
            Name=f"{contract.PREFIX}-profile",
            ResourceArns=[GetAtt(profile, "Arn")],
            # The whole organization: an account outside it is refused, whoever adds one.
            Principals=[Sub(f"arn:${{AWS::Partition}}:organizations::{organization}")],
            AllowExternalPrincipals=False,
            Tags=tags,
        )
    )
    template.add_output(Output("ProfileId", Description="The Profile of this region.", Value=Ref(profile)))
    return template
