"""The stack with the StackSets that deploy the spoke stacks to every covered account, present and future."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Parameter, Ref, Sub, Template
from troposphere.cloudformation import (
    AutoDeployment,
    DeploymentTargets,
    ManagedExecution,
    OperationPreferences,
    StackInstances,
    StackSet,
)
from troposphere.cloudformation import Parameter as StackSetParameter

from hub.runtime.model.vpcs import AssociationMethod
from orgdns.cfn.coverage_conditions import root_of
from orgdns.cfn.event_patterns import needs_trail, trail_events_parameter
from orgdns.cfn.outputs.parameters import Stack, add_output
from orgdns.cfn.zone_ids import zone_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orgdns.config.load import Config


def rollout_template(config: Config, account_body: str, region_body: str) -> Template:
    """The stack of the hub account with the StackSets, which contain the text of the spoke templates.

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
    events = [trail_events_parameter()] if needs_trail(config) else []
    for parameter in (*zones, *events):
        template.add_parameter(parameter)
    for by_name, targets in ((False, _units(config)), (True, _included(config))):
        if targets is None:
            continue
        accounts = template.add_resource(
            _stack_set(
                "IncludedAccount" if by_name else "SpokeAccount",
                config.names.included_account_stack_set if by_name else config.names.account_stack_set,
                "Deploys the roles through which orgdns describes instances and VPCs, once per account.",
                account_body,
                StackInstances(DeploymentTargets=targets, Regions=[config.hub.region]),
                _stack_set_parameters(zones),
                AutoDeployment(Enabled=False) if by_name else _automatic(),
                # An account that was in the units until now loses those stacks first: roles have the same names.
                **({"DependsOn": ["SpokeAccount", "SpokeRegion"]} if by_name else {}),
            )
        )
        template.add_resource(
            _stack_set(
                "IncludedRegion" if by_name else "SpokeRegion",
                config.names.included_region_stack_set if by_name else config.names.region_stack_set,
                "Deploys the rules that forward events to orgdns, in every covered region.",
                region_body,
                StackInstances(DeploymentTargets=targets, Regions=list(config.spokes.regions)),
                _stack_set_parameters(events),
                AutoDeployment(Enabled=False) if by_name else _automatic(_arn(config, accounts)),
                **({"DependsOn": [accounts.title]} if by_name else {}),
            )
        )
    for title, description in (
        ("SpokeAccount", "StackSet of the spoke account stacks."),
        ("SpokeRegion", "StackSet of the spoke region stacks."),
    ):
        add_output(template, config.names, Stack.ROLLOUT, f"{title}StackSetId", description, Ref(title))
    return template


def _arn(config: Config, stack_set: StackSet) -> Sub:
    """The ARN of a service-managed StackSet.

    It belongs to the management account, even if a delegated administrator creates it ("Register a delegated
    administrator",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html). Ref returns
    `<name>:<id>`, the last part of the ARN.
    """
    return Sub(
        f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{config.organization.management_account}"
        f":stackset/${{{stack_set.title}}}"
    )


def _automatic(*depends_on: Sub) -> AutoDeployment:
    """Deploy to accounts when they come into the targeted units, and delete their stacks when they leave."""
    first = {"DependsOn": list(depends_on)} if depends_on else {}
    return AutoDeployment(Enabled=True, RetainStacksOnAccountRemoval=False, **first)


def _stack_set(
    title: str,
    name: str,
    description: str,
    body: str,
    instances: StackInstances,
    parameters: dict[str, Any],
    deployment: AutoDeployment,
    **attributes: list[str],
) -> StackSet:
    return StackSet(
        title,
        StackSetName=name,
        Description=description,
        PermissionModel="SERVICE_MANAGED",
        CallAs="DELEGATED_ADMIN",
        Capabilities=["CAPABILITY_NAMED_IAM"],
        AutoDeployment=deployment,
        ManagedExecution=ManagedExecution(Active=True),
        # By default, a StackSet deploys to one account at a time, one region after another, and stops at the first
        # failure. Percentages are rounded down, so that 20 % of four accounts is none. One account's failure is no
        # reason to leave the others without events: every failure is tolerated, and `orgdns coverage` shows it. Soft
        # tolerance keeps the concurrency however many accounts fail ("StackSet operation options" and "Choose the
        # Concurrency Mode", https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stackset-ops-options.html,
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/concurrency-mode.html). A template that fails
        # everywhere changes nothing: CloudFormation rolls back each stack on its own.
        OperationPreferences=OperationPreferences(
            RegionConcurrencyType="PARALLEL",
            MaxConcurrentPercentage=50,
            FailureTolerancePercentage=100,
            ConcurrencyMode="SOFT_FAILURE_TOLERANCE",
        ),
        StackInstancesGroup=[instances],
        TemplateBody=body,
        **parameters,
        **attributes,
    )


def _units(config: Config) -> DeploymentTargets:
    """The accounts in the units without the excluded ones.

    An excluded account that comes into a unit later gets the stacks, too: automatic deployment "does not consider
    account level targeting filters" ("Enable or disable automatic deployments",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-manage-auto-deployment.html). They are
    of no use there, because the hub gives it nothing.
    """
    organization = config.organization
    excluded: dict[str, Any] = (
        {"Accounts": list(organization.excluded), "AccountFilterType": "DIFFERENCE"} if organization.excluded else {}
    )
    return DeploymentTargets(OrganizationalUnitIds=list(organization.units), **excluded)


def _included(config: Config) -> DeploymentTargets | None:
    """The accounts that are included by name, or None. StackSets never deploy to the management account.

    A service-managed StackSet names accounts only as a part of units, so they are a part of the root
    ("AWS::CloudFormation::StackSet DeploymentTargets",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudformation-stackset-deploymenttargets.html).
    They have StackSets of their own, without automatic deployment, which would deploy to every account that comes into
    the organization.
    """
    organization = config.organization
    accounts = [account for account in organization.included if account != organization.management_account]
    if not accounts:
        return None
    return DeploymentTargets(
        OrganizationalUnitIds=[root_of(organization.units[0])], Accounts=accounts, AccountFilterType="INTERSECTION"
    )


def _stack_set_parameters(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The StackSet property that passes this stack's parameters to the spoke stacks."""
    passed = [
        StackSetParameter(ParameterKey=parameter.title, ParameterValue=Ref(parameter.title)) for parameter in parameters
    ]
    return {"Parameters": passed} if passed else {}
