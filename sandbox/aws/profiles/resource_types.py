"""Profiles and AWS RAM's resource shares in templates, resource types that the emulator lacks.

A simulation of AWS::Route53Profiles::Profile, AWS::Route53Profiles::ProfileResourceAssociation and
AWS::RAM::ResourceShare, each according to its page of the "AWS resource and property types reference"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html). Shares are
kept in moto's own AWS RAM, so its API returns them too. Tags are accepted, but no API returns them.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final

from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel
from moto.core.exceptions import JsonRESTError
from moto.ram.models import ResourceShare, ram_backends

from sandbox.aws.partition import arn_of
from sandbox.aws.profiles.model import HOSTED_ZONE, Caller, Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sandbox.aws.profiles.rules import Profiles

Json = dict[str, Any]
# AWS RAM's default permission for Profiles, and the only one that is modeled:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/sharing-profiles.html#sharing-perms
DEFAULT_PERMISSION: Final = "permission/AWSRAMPermissionRoute53ProfileAllowAssociation"


class _Resource:
    """What the three types share: an id, attributes, and no name property."""

    TYPE: ClassVar[str] = ""

    def __init__(self, physical_id: str, properties: Json, **attributes: str) -> None:
        self.physical_resource_id = physical_id
        self.properties = properties
        self.attributes = attributes

    def get_cfn_attribute(self, attribute: str) -> str:
        """One of the type's attributes."""
        if attribute not in self.attributes:
            raise ValidationError(message=f"{self.TYPE} does not have the attribute {attribute}, or it is not modeled")
        return self.attributes[attribute]

    @staticmethod
    def cloudformation_name_type() -> str:
        """Empty: the type has no name property that CloudFormation would fill."""
        return ""

    @classmethod
    def cloudformation_type(cls) -> str:
        """The resource type."""
        return cls.TYPE


class OfProfiles(_Resource):
    """A resource type of the Profiles service.

    Attributes:
        profiles: The service, while its bridge is in force.
    """

    profiles: ClassVar[Profiles | None] = None

    @classmethod
    def service(cls) -> Profiles:
        """The service.

        Raises:
            ValidationError: if its bridge is not in force.
        """
        if cls.profiles is None:
            raise ValidationError(message=f"{cls.TYPE} needs the bridge of sandbox.aws.profiles")
        return cls.profiles


class ProfileResource(OfProfiles, CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::Route53Profiles::Profile.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53profiles-profile.html
    """

    TYPE = "AWS::Route53Profiles::Profile"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
    ) -> ProfileResource:
        """Create an empty Profile."""
        del resource_name
        properties = _checked(cls.TYPE, cloudformation_json, {"Name"}, {"Tags"})
        with _refusing():
            made = cls.service().create(Caller(account_id, region_name), properties["Name"], secrets.token_hex(16))
        return cls(made.id, properties, Arn=made.arn, Id=made.id, ClientToken=made.client_token)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: ProfileResource,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> ProfileResource:
        """Update the tags. Every other update is a replacement."""
        del new_resource_name, account_id, region_name
        properties = _checked(cls.TYPE, cloudformation_json, {"Name"}, {"Tags"})
        _refuse_replacement(cls.TYPE, original_resource.properties, properties, {"Name"})
        original_resource.properties = properties
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the Profile with its attachments. Refused while it is associated with a VPC."""
        with _refusing():
            self.service().delete(Caller(account_id, region_name), self.physical_resource_id)


class ProfileResourceAssociationResource(OfProfiles, CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::Route53Profiles::ProfileResourceAssociation.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53profiles-profileresourceassociation.html
    """

    TYPE = "AWS::Route53Profiles::ProfileResourceAssociation"
    _NEEDED: ClassVar = frozenset({"Name", "ProfileId", "ResourceArn"})

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
    ) -> ProfileResourceAssociationResource:
        """Attach the hosted zone."""
        del resource_name
        properties = _checked(cls.TYPE, cloudformation_json, cls._NEEDED)
        profile_id, arn, name = (properties[key] for key in ("ProfileId", "ResourceArn", "Name"))
        with _refusing():
            made = cls.service().attach(Caller(account_id, region_name), profile_id, arn, name)
        return cls(made.id, properties, Id=made.id, ResourceType=HOSTED_ZONE)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: ProfileResourceAssociationResource,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> ProfileResourceAssociationResource:
        """Refuse: every modeled property is only updated by replacement."""
        del new_resource_name, account_id, region_name
        properties = _checked(cls.TYPE, cloudformation_json, cls._NEEDED)
        _refuse_replacement(cls.TYPE, original_resource.properties, properties, cls._NEEDED)
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Detach the hosted zone, unless the Profile is already deleted."""
        with suppress(Refused):
            self.service().detach(
                Caller(account_id, region_name), self.properties["ProfileId"], self.properties["ResourceArn"]
            )


class ResourceShareResource(_Resource, CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::RAM::ResourceShare.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ram-resourceshare.html
    """

    TYPE = "AWS::RAM::ResourceShare"
    _OPTIONAL: ClassVar = frozenset({"AllowExternalPrincipals", "PermissionArns", "Principals", "ResourceArns", "Tags"})

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
    ) -> ResourceShareResource:
        """Create the share."""
        del resource_name
        properties = _checked(cls.TYPE, cloudformation_json, {"Name"}, cls._OPTIONAL)
        share = _new_share(properties, account_id, region_name)
        ram_backends[account_id][region_name].resource_shares.append(share)
        return cls(share.arn, properties, Arn=share.arn)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: ResourceShareResource,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> ResourceShareResource:
        """Update everything, without interruption."""
        del new_resource_name
        properties = _checked(cls.TYPE, cloudformation_json, {"Name"}, cls._OPTIONAL)
        wanted = _new_share(properties, account_id, region_name)
        for share in ram_backends[account_id][region_name].resource_shares:
            if share.arn == original_resource.physical_resource_id:
                share.principals, share.resource_arns = wanted.principals, wanted.resource_arns
                share.update(wanted.allow_external_principals, wanted.name)
        original_resource.properties = properties
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the share."""
        ram_backends[account_id][region_name].delete_resource_share(self.physical_resource_id)


PROFILE_TYPES: Final = (ProfileResource, ProfileResourceAssociationResource, ResourceShareResource)


def _new_share(properties: Json, account_id: str, region_name: str) -> ResourceShare:
    """A share with the requested properties, not yet added to AWS RAM."""
    if set(properties.get("PermissionArns", ())) - {arn_of("ram", "", "aws", DEFAULT_PERMISSION)}:
        raise ValidationError(message=f"only the {DEFAULT_PERMISSION} is modeled")
    external = str(properties.get("AllowExternalPrincipals", True)).lower() == "true"
    share = ResourceShare(account_id, region_name, name=properties["Name"], allowExternalPrincipals=external)
    with _refusing():
        share.add_principals(properties.get("Principals", []))
        share.add_resources(properties.get("ResourceArns", []))
    return share


def _checked(kind: str, resource: Json, needed: Collection[str], optional: Collection[str] = ()) -> Json:
    """The properties, without those that are AWS::NoValue. Refuses missing and unknown ones."""
    properties = {name: value for name, value in resource["Properties"].items() if value is not None}
    if unknown := sorted(properties.keys() - set(needed) - set(optional)):
        raise ValidationError(message=f"these properties of {kind} are not modeled: {unknown}")
    if missing := sorted(set(needed) - properties.keys()):
        raise ValidationError(message=f"{kind} needs {missing}")
    return properties


def _refuse_replacement(kind: str, before: Json, now: Json, names: Collection[str]) -> None:
    if changed := sorted(name for name in names if before[name] != now[name]):
        raise ValidationError(message=f"changing {changed} replaces {kind}, which is not modeled")


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise ValidationError(message=f"{refused.code}: {refused}") from refused
    except JsonRESTError as refused:
        raise ValidationError(message=f"{refused.error_type}: {refused.message}") from refused
