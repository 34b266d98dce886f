"""The generated templates, as a reviewer would read them: limits, and what each setting promises."""

from __future__ import annotations

import json

import pytest
import yaml
from cfnlint import api
from cfnlint.config import ManualArgs
from cfnlint.core import get_rules

from generate import templates
from hub.runtime import contract
from network.region import principals
from orgdns.cfn.rendering import Form
from orgdns.config.load import parse
from sandbox.example import WORKLOAD_UNIT
from tests.support.build import EXAMPLE
from tests.support.generated import (
    CONFIGS,
    MANAGEMENT,
    NAMES,
    ORGANIZATION,
    arn_of,
    example,
    of_type,
    properties,
    read,
    resolved_size,
    statements,
    sub,
    texts,
)

OF_ORGANIZATION = f"arn:${{AWS::Partition}}:organizations::{MANAGEMENT}:"


def lint(text: str) -> list[str]:
    """What cfn-lint warns of in any region that the example covers."""
    rules = get_rules([], [], ["W", "E"], include_experimental=False)
    matches = api.lint(text, rules, config=ManualArgs(regions=list(example().spokes.regions)))
    return [f"{match.rule.id} {match.message}" for match in matches]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", list(Form))
def test_lint(name: str, form: Form) -> None:
    """cfn-lint warns of nothing, in either form."""
    assert lint(texts(form=form)[name]) == []


@pytest.mark.parametrize("name", ["hub", "network", "rollout"])
def test_lint_of_another_configuration(name: str) -> None:
    """cfn-lint warns of nothing with many zones and regions either."""
    assert lint(texts("many-zones")[name]) == []


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("name", [*NAMES, "network-region"])
def test_lint_of_a_profile(name: str, form: Form) -> None:
    """cfn-lint warns of nothing where zones go by a Profile, nor of the template that makes it."""
    assert lint(texts("profiles", form)[name]) == []


def test_profile_is_shared_with_the_covered_units_alone() -> None:
    """The Profile carries the zones that go by it, and nobody outside the organization can be let in."""
    resources = read("network-region", "profiles")["Resources"]
    share = resources["ProfileShare"]["Properties"]
    units = sorted(example().organization.units)
    assert share["Principals"] == [{"Fn::Sub": f"{OF_ORGANIZATION}ou/{ORGANIZATION}/{unit}"} for unit in units]
    assert share["AllowExternalPrincipals"] is False
    attached = [one for one in resources.values() if one["Type"].endswith("ProfileResourceAssociation")]
    assert len(attached) == 3
    assert resources["Profile"]["Properties"]["Name"] == contract.PROFILE


@pytest.mark.parametrize(
    ("vpcs", "units", "expected"),
    [
        ("all", ["r-ab12"], [f"organization/{ORGANIZATION}"]),
        ([{"regions": ["eu-central-1"]}], [WORKLOAD_UNIT], [f"ou/{ORGANIZATION}/{WORKLOAD_UNIT}"]),
        (
            [{"accounts": ["444444444444"], "units": ["ou-ab12-research"]}, {"accounts": ["333333333333"]}],
            [WORKLOAD_UNIT],
            ["333333333333", "444444444444", f"ou/{ORGANIZATION}/ou-ab12-research"],
        ),
        ("none", [WORKLOAD_UNIT], []),
    ],
)
def test_profile_is_shared_with_whom_policy_selects(vpcs: object, units: list[str], expected: list[str]) -> None:
    """Whoever has the Profile can associate any VPC of his: only accounts that policy selects have it."""
    content = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    content["organization"]["units"] = units
    content["zones"] = [content["zones"][0] | {"resolved_by": {"vpcs": vpcs, "by": "profile"}}]
    content["policy"] = {"rules": [{"name": "all", "template": "{name}.{account_name}.corp.internal"}]}
    shared = principals(parse(yaml.safe_dump(content), "test"))
    told = [one if isinstance(one, str) else one.to_dict()["Fn::Sub"].removeprefix(OF_ORGANIZATION) for one in shared]
    assert told == expected


def test_lint_would_tell() -> None:
    """The linter as it is called here does find a fault and a warning."""
    broken = read("hub")
    broken["Resources"]["Observer"]["Properties"]["Role"] = {"Fn::GetAtt": ["NoSuchRole", "Arn"]}
    broken["Parameters"]["Unused"] = {"Type": "String"}
    assert {"E1010", "W2001"} <= {fault.split()[0] for fault in lint(json.dumps(broken))}


@pytest.mark.parametrize("config", list(CONFIGS))
def test_both_forms_say_the_same(config: str) -> None:
    """YAML and JSON differ in how they are written alone."""
    for name in NAMES:
        first, second = read(name, config), read(name, config, Form.JSON)
        for content in (first, second):
            for resource in content["Resources"].values():
                resource["Properties"].pop("TemplateBody", None)
        assert first == second


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("config", list(CONFIGS))
def test_template_limits(config: str, form: Form) -> None:
    """Every template can be given as text, and keeps the numbers of "CloudFormation quotas".

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """
    for name in NAMES:
        content = read(name, config, form)
        # Rollout holds two others: with very many regions it may have to be given by URL.
        limit = 1_000_000 if name == "rollout" else 51_200
        assert len(texts(config, form)[name].encode()) <= limit
        assert len(content["Resources"]) <= 500
        assert len(content.get("Parameters", {})) <= 200
        assert len(content["Outputs"]) <= 200
        assert len(content["Description"]) <= 1024


def test_rollout_fits_as_text() -> None:
    """The example's rollout template needs no bucket."""
    for form in Form:
        assert len(texts(form=form)["rollout"].encode()) <= 51_200


@pytest.mark.parametrize("config", list(CONFIGS))
def test_environment_limit(config: str) -> None:
    """The environment of a function stays below 4 KB ("Lambda quotas").

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    for function in of_type("hub", "AWS::Lambda::Function", config).values():
        assert resolved_size(function["Environment"]["Variables"]) <= 4_096


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_described(name: str) -> None:
    """Every parameter has a description and a constraint, every output a description."""
    content = read(name)
    assert content["Description"].startswith("orgdns ")
    for parameter in content.get("Parameters", {}).values():
        assert parameter["Description"]
        assert "AllowedPattern" in parameter or "AllowedValues" in parameter
    assert content["Outputs"]
    assert all(output["Description"] for output in content["Outputs"].values())


def test_queues() -> None:
    """Every queue is encrypted, refuses what comes without TLS, and takes events from its own rules alone."""
    for name, rules in (("hub", "rule/orgdns/orgdns-received-"), ("spoke-region", "rule/orgdns-")):
        queues = of_type(name, "AWS::SQS::Queue")
        assert queues
        for title, queue in queues.items():
            assert queue["SqsManagedSseEnabled"] is True
            policy = properties(name, f"{title}Policy")
            assert policy["Queues"] == [{"Ref": title}]
            found = statements(policy["PolicyDocument"])
            without_tls = found.pop("NothingWithoutTls")
            assert (without_tls["Effect"], without_tls["Principal"]) == ("Deny", "*")
            assert without_tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            if not title.startswith(("Events", "Undelivered", "Associations")):
                assert found == {}
                continue
            (admitted,) = found.values()
            assert admitted["Principal"] == {"Service": "events.amazonaws.com"}
            assert admitted["Action"] == ["sqs:SendMessage"]
            assert admitted["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
            arns = [arn["Fn::Sub"] for arn in admitted["Condition"]["ArnEquals"]["aws:SourceArn"]]
            of = {"Events": ["instance-states", "instance-tags"], "Associations": ["vpc-calls", "vpc-tags"]}
            expected = next((of[kind] for kind in of if title.startswith(kind)), [*of["Events"], *of["Associations"]])
            assert [arn.split(rules)[1] for arn in arns] == expected


def test_events_queue_and_observer() -> None:
    """A message stays hidden six times the function's timeout, is tried five times, and comes in batches of 100."""
    queue, function = properties("hub", "EventsQueue"), properties("hub", "Observer")
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": arn_of("EventsDeadLetterQueue"), "maxReceiveCount": 5}
    assert queue["MessageRetentionPeriod"] < properties("hub", "EventsDeadLetterQueue")["MessageRetentionPeriod"]
    source = properties("hub", "ObserverSource")
    assert source["BatchSize"] == 100
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"] == {"MaximumConcurrency": 10}


def test_batches_have_a_window() -> None:
    """Lambda refuses batches of more than ten messages of a queue without a window, which the linter does not know."""
    sources = of_type("hub", "AWS::Lambda::EventSourceMapping").values()
    of_queues = [source for source in sources if "StartingPosition" not in source]
    assert len(of_queues) == len(sources) - 1
    for source in of_queues:
        assert source["BatchSize"] <= 10 or source["MaximumBatchingWindowInSeconds"] >= 1


def test_lone_change_goes_out_at_once() -> None:
    """The stream has no batching window: a record waits for the observer's window alone."""
    assert properties("hub", "PublisherSource")["MaximumBatchingWindowInSeconds"] == 0


def test_publisher_source() -> None:
    """The publisher follows claims and marks, in order, and sets aside what fails while the stream still holds it."""
    source = properties("hub", "PublisherSource")
    (pattern,) = source["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == {"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "claim#"}, "marked"]}}}}
    assert source["ParallelizationFactor"] == 1
    assert source["BisectBatchOnFunctionError"] is True
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert 0 < source["MaximumRetryAttempts"] <= 1000
    assert source["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert source["DestinationConfig"]["OnFailure"]["Destination"] == arn_of("PublisherDeadLetterQueue")


def test_functions() -> None:
    """All functions run the package's handlers, with the environment that the code reads."""
    zones = {"corp.internal.": "Z0CORPINTERNAL0EXAMPL", "instances.internal.": "${ZoneIdInstancesDotInternal}"}
    shared = {contract.ENV_LEDGER_TABLE, "AWS_STS_REGIONAL_ENDPOINTS"}
    publisher = {contract.ENV_WRITER_ROLE_ARN, contract.ENV_ROUTE53_SHARE, contract.ENV_ADOPTING_ZONES}
    sweeper = {contract.ENV_SWEEPS_QUEUE_URL, contract.ENV_ZONE_READER_ROLE_ARN, contract.ENV_GUARDS}
    authorizer = contract.ENV_AUTHORIZER_ROLE_ARN
    sweeper |= {contract.ENV_ASSOCIATIONS_QUEUE_URL, authorizer}
    powertools = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}
    for title, handler, own in (
        ("Observer", contract.OBSERVER_HANDLER, {contract.ENV_ZONE_IDS}),
        ("Publisher", contract.PUBLISHER_HANDLER, publisher),
        ("Sweeper", contract.SWEEPER_HANDLER, {contract.ENV_ZONE_IDS, *sweeper}),
        ("Associator", contract.ASSOCIATOR_HANDLER, {contract.ENV_ZONE_IDS, contract.ENV_GUARDS, authorizer}),
    ):
        function = properties("hub", title)
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
        assert function["Handler"] == handler
        variables = function["Environment"]["Variables"]
        assert set(variables) == shared | powertools | own
        if contract.ENV_ZONE_IDS in own:
            assert json.loads(variables[contract.ENV_ZONE_IDS]["Fn::Sub"]) == zones
        assert "ReservedConcurrentExecutions" not in function
        (log_group,) = [
            group
            for group in of_type("hub", "AWS::Logs::LogGroup").values()
            if group["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"
        ]
        assert log_group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_zone_ids_without_new_zones() -> None:
    """Where no zone is to be created, the environment is plain text, and the hub stack asks for no zone."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["zones"] = content["zones"][:1]
    content["policy"]["rules"] = content["policy"]["rules"][:1]
    hub = json.loads(templates(parse(yaml.safe_dump(content), "x"), Form.JSON)["hub.json"])
    variables = hub["Resources"]["Observer"]["Properties"]["Environment"]["Variables"]
    assert json.loads(variables[contract.ENV_ZONE_IDS]) == {"corp.internal.": "Z0CORPINTERNAL0EXAMPL"}
    assert not any(name.startswith("ZoneId") for name in hub["Parameters"])


def test_ledger() -> None:
    """The ledger is encrypted, recoverable, and outlives its stack."""
    resource = read("hub")["Resources"]["Ledger"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    table = resource["Properties"]
    assert table["TableName"] == contract.LEDGER_TABLE
    assert [key["AttributeName"] for key in table["KeySchema"]] == [contract.PARTITION_KEY, contract.SORT_KEY]
    assert table["DeletionProtectionEnabled"] is True
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": contract.EXPIRES, "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("config", list(CONFIGS))
def test_new_zones(config: str) -> None:
    """A zone to be created is private and kept for ever, and its id goes from one stack to the other by name."""
    new = [zone for zone in CONFIGS[config]().zones if zone.create]
    network, hub = read("network", config), read("hub", config)
    zones = {k: r for k, r in network["Resources"].items() if r["Type"] == "AWS::Route53::HostedZone"}
    assert len(zones) == len(new)
    for zone in zones.values():
        assert zone["Properties"]["VPCs"] == [{"VPCId": "vpc-0a1b2c3d4e5f60718", "VPCRegion": "eu-central-1"}]
        assert (zone["DeletionPolicy"], zone["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    outputs = {name for name in network["Outputs"] if name.startswith("ZoneId")}
    assert outputs == {name for name in hub["Parameters"] if name.startswith("ZoneId")}
    assert len(outputs) == len(new)


def test_titles_of_zones_differ() -> None:
    """Domains that differ in dots and hyphens alone do not share a logical id."""
    content = yaml.safe_load(EXAMPLE.read_text())
    new = content["zones"][1]["create"]
    alike = ("1.10.in-addr.arpa", "11.0.in-addr.arpa", "a-b.internal", "ab.internal", "a.b.internal", "a.dot.internal")
    content["zones"] += [{"domain": domain, "create": new} for domain in alike]
    network = json.loads(templates(parse(yaml.safe_dump(content), "x"), Form.JSON)["network.json"])
    zones = [r for r in network["Resources"].values() if r["Type"] == "AWS::Route53::HostedZone"]
    assert len(zones) == len(alike) + 1


def test_a_title_of_a_zone_stays() -> None:
    """Another zone does not change the logical id of one that is there, which would create it anew."""
    first, second = (
        {p["Name"]: title for title, p in of_type("network", "AWS::Route53::HostedZone", config).items()}
        for config in ("example", "many-zones")
    )
    assert first.items() <= second.items()


@pytest.mark.parametrize("form", list(Form))
def test_rollout_holds_the_spoke_templates(form: Form) -> None:
    """The StackSets deploy exactly the texts that stand beside them, which CloudFormation takes as text."""
    resources = read("rollout", form=form)["Resources"]
    for title, name in (("SpokeAccount", "spoke-account"), ("SpokeRegion", "spoke-region")):
        body = resources[title]["Properties"]["TemplateBody"]
        assert body == texts(form=form)[name]
        assert len(body.encode()) <= 51_200
        assert "Transform" not in body


def test_stack_sets() -> None:
    """Both StackSets reach every account of the units by themselves, the account's role before the region's rules."""
    account, region = properties("rollout", "SpokeAccount"), properties("rollout", "SpokeRegion")
    for stack_set, regions in ((account, ["eu-central-1"]), (region, ["eu-central-1", "eu-west-1", "us-east-1"])):
        assert stack_set["PermissionModel"] == "SERVICE_MANAGED"
        assert stack_set["CallAs"] == "DELEGATED_ADMIN"
        assert stack_set["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
        assert stack_set["ManagedExecution"] == {"Active": True}
        assert stack_set["OperationPreferences"]["RegionConcurrencyType"] == "PARALLEL"
        assert stack_set["OperationPreferences"]["ConcurrencyMode"] == "SOFT_FAILURE_TOLERANCE"
        units = {"OrganizationalUnitIds": ["ou-ab12-infra001", "ou-ab12-workload"]}
        assert stack_set["StackInstancesGroup"] == [{"DeploymentTargets": units, "Regions": regions}]
    automatic = {"Enabled": True, "RetainStacksOnAccountRemoval": False}
    assert account["AutoDeployment"] == automatic
    depends = f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{MANAGEMENT}:stackset/${{SpokeAccount}}"
    assert region["AutoDeployment"] == automatic | {"DependsOn": [sub(depends)]}


def test_no_names_collide_in_the_hub_account() -> None:
    """The hub account is a spoke too: in its region three stacks stand side by side."""
    named = [
        (resource["Type"], json.dumps(content.get("EventBusName", "default")), json.dumps(content[key]))
        for name in ("hub", "spoke-account", "spoke-region")
        for resource in read(name)["Resources"].values()
        for content in [resource["Properties"]]
        for key in ("Name", "RoleName", "QueueName", "TableName", "FunctionName", "LogGroupName")
        if key in content
    ]
    assert len(named) > 10
    assert len(named) == len(set(named))
