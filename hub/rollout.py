"""The StackSets that put the spoke stacks into every covered account, and into each account that comes to join."""

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
from orgdns.cfn.event_patterns import vpc_events_parameter
from orgdns.cfn.zone_ids import zone_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orgdns.config.load import Config


def rollout_template(config: Config, account_body: str, region_body: str) -> Template:
    """The stack of the hub account that holds both StackSets, with the spoke templates' texts inside.

    Args:
        config: The configuration.
        account_body: The text of the template of `spoke.stack.account_template`.
        region_body: The text of the template of `spoke.stack.region_template`.
    """
    template = Template(
        Description="orgdns rollout. The StackSets that deploy the spoke stacks to every account of the covered "
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
            "The roles through which orgdns looks at instances and VPCs, once an account.",
            account_body,
            [config.hub.region],
            _passed(zones),
        )
    )
    # A service-managed StackSet is made in the management account, whoever makes it ("Register a delegated
    # administrator", https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html),
    # and Ref gives `<name>:<id>`, the end of its ARN.
    account_set_arn = (
        f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{config.organization.management_account}"
        f":stackset/${{{accounts.title}}}"
    )
    template.add_resource(
        _stack_set(
            config,
            "SpokeRegion",
            contract.REGION_STACK_SET,
            "The rules that forward events of instances to orgdns, in every covered region.",
            region_body,
            config.spokes.regions,
            _passed(events),
            DependsOn=[Sub(account_set_arn)],
        )
    )
    for title, description in (
        ("SpokeAccount", "The StackSet of the reader roles."),
        ("SpokeRegion", "The StackSet of the forwarding rules."),
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
    **auto_deployment: Any,  # noqa: ANN401  the StackSet's own
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
        # One account at a time, one region after the other and no failure allowed are the defaults. Soft tolerance
        # keeps the pace up whatever tolerance is set ("StackSet operation options",
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stackset-ops-options.html).
        OperationPreferences=OperationPreferences(
            RegionConcurrencyType="PARALLEL",
            MaxConcurrentPercentage=50,
            FailureTolerancePercentage=20,
            ConcurrencyMode="SOFT_FAILURE_TOLERANCE",
        ),
        StackInstancesGroup=[
            StackInstances(
                DeploymentTargets=DeploymentTargets(OrganizationalUnitIds=list(config.organization.units)),
                Regions=list(regions),
            )
        ],
        TemplateBody=body,
        **parameters,
    )


def _passed(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The property that gives a StackSet's stacks what this stack was given."""
    given = [
        StackSetParameter(ParameterKey=parameter.title, ParameterValue=Ref(parameter.title)) for parameter in parameters
    ]
    return {"Parameters": given} if given else {}
