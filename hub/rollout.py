"""The stack with the StackSets that deploy the spoke stacks to every covered account, present and future."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Output, Parameter, Ref, Sub, Template
from troposphere.cloudformation import (
    AutoDeployment,
    DeploymentTargets,
    ManagedExecution,
    OperationPreferences,
    StackInstances,
    StackSet,
)
from troposphere.cloudformation import Parameter as StackSetParameter

from hub.runtime import contract
from hub.runtime.model.vpcs import AssociationMethod
from orgdns.cfn.coverage_conditions import root_of
from orgdns.cfn.event_patterns import vpc_events_parameter
from orgdns.cfn.zone_ids import zone_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orgdns.config.load import Config


def rollout_template(config: Config, account_body: str, region_body: str) -> Template:
    """The stack of the hub account with both StackSets, which contain the text of the spoke templates.

    Args:
        config: The configuration.
        account_body: The text of the template from `spoke.account.account_template`.
        region_body: The text of the template from `spoke.region.region_template`.
    """
    template = Template(
        Description="orgdns rollout. StackSets that deploy the spoke stacks to every account of the covered "
        "organizational units. Deploy once, in the hub account, which must be a delegated administrator of StackSets."
    )
    template.set_version()
    zones = zone_parameters(config.zones_by(AssociationMethod.ASSOCIATION))
    events = [vpc_events_parameter()] if config.association_policies else []
    for parameter in (*zones, *events):
        template.add_parameter(parameter)
    accounts = template.add_resource(
        _stack_set(
            config,
            "SpokeAccount",
            contract.ACCOUNT_STACK_SET,
            "Deploys the roles through which orgdns describes instances and VPCs, once per account.",
            account_body,
            [config.hub.region],
            _stack_set_parameters(zones),
        )
    )
    # A service-managed StackSet belongs to the management account, even if a delegated administrator creates it
    # ("Register a delegated administrator",
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html). Ref returns
    # `<name>:<id>`, the last part of its ARN.
    account_set_arn = (
        f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{config.organization.management_account}"
        f":stackset/${{{accounts.title}}}"
    )
    template.add_resource(
        _stack_set(
            config,
            "SpokeRegion",
            contract.REGION_STACK_SET,
            "Deploys the rules that forward events to orgdns, in every covered region.",
            region_body,
            config.spokes.regions,
            _stack_set_parameters(events),
            DependsOn=[Sub(account_set_arn)],
        )
    )
    for title, description in (
        ("SpokeAccount", "StackSet of the spoke account stacks."),
        ("SpokeRegion", "StackSet of the spoke region stacks."),
    ):
        template.add_output(Output(f"{title}StackSetId", Description=description, Value=Ref(title)))
    return template


def _stack_set(
    config: Config,
    title: str,
    name: str,
    description: str,
    body: str,
    regions: Sequence[str],
    parameters: dict[str, Any],
    **auto_deployment: Any,  # noqa: ANN401  the StackSet's own properties
) -> StackSet:
    return StackSet(
        title,
        StackSetName=name,
        Description=description,
        PermissionModel="SERVICE_MANAGED",
        CallAs="DELEGATED_ADMIN",
        Capabilities=["CAPABILITY_NAMED_IAM"],
        AutoDeployment=AutoDeployment(Enabled=True, RetainStacksOnAccountRemoval=False, **auto_deployment),
        ManagedExecution=ManagedExecution(Active=True),
        # By default, a StackSet deploys to one account at a time, one region after another, and stops at the first
        # failure. Soft tolerance keeps the concurrency independent of the tolerance ("StackSet operation options",
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stackset-ops-options.html).
        OperationPreferences=OperationPreferences(
            RegionConcurrencyType="PARALLEL",
            MaxConcurrentPercentage=50,
            FailureTolerancePercentage=20,
            ConcurrencyMode="SOFT_FAILURE_TOLERANCE",
        ),
        StackInstancesGroup=[
            StackInstances(DeploymentTargets=targets, Regions=list(regions)) for targets in _targets(config)
        ],
        TemplateBody=body,
        **parameters,
    )


def _targets(config: Config) -> list[DeploymentTargets]:
    """The accounts in the units without the excluded ones, and the included accounts.

    A service-managed StackSet names accounts only as a part of units, so included accounts are a part of the root
    ("AWS::CloudFormation::StackSet DeploymentTargets",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudformation-stackset-deploymenttargets.html).
    """
    organization = config.organization
    excluded: dict[str, Any] = (
        {"Accounts": list(organization.excluded), "AccountFilterType": "DIFFERENCE"} if organization.excluded else {}
    )
    targets = [DeploymentTargets(OrganizationalUnitIds=list(organization.units), **excluded)]
    if organization.included:
        targets.append(
            DeploymentTargets(
                OrganizationalUnitIds=[root_of(organization.units[0])],
                Accounts=list(organization.included),
                AccountFilterType="INTERSECTION",
            )
        )
    return targets


def _stack_set_parameters(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The StackSet property that passes this stack's parameters to the spoke stacks."""
    passed = [
        StackSetParameter(ParameterKey=parameter.title, ParameterValue=Ref(parameter.title)) for parameter in parameters
    ]
    return {"Parameters": passed} if passed else {}
