"""What AWS answers to the calls of the runtime, from the organization in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.support.build import PAYMENTS
from tests.support.fuzz import organization as built
from tests.support.fuzz.organization import ACCOUNTS, NETWORK, PROFILE, REGION, TIME, ZONES, Organization


class Refused(Exception):
    """AWS refuses a call with this code."""


Answer = Callable[[Organization, dict[str, Any], str], dict[str, Any]]
ANSWERS: Final[dict[str, Answer]] = {}


def _answers(name: str) -> Callable[[Answer], Answer]:
    def registered(answer: Answer) -> Answer:
        ANSWERS[name] = answer
        return answer

    return registered


@_answers("sts.AssumeRole")
def _assume_role(_: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    account = request["RoleArn"].split(":")[4]
    keys = {"AccessKeyId": f"ASIA{account}", "SecretAccessKey": "secret", "SessionToken": "token", "Expiration": TIME}
    return {"Credentials": keys, "AssumedRoleUser": {"AssumedRoleId": "id", "Arn": request["RoleArn"]}}


@_answers("organizations.DescribeAccount")
def _describe_account(_: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    account = request["AccountId"]
    if account not in ACCOUNTS:
        raise Refused("AccountNotFoundException")
    name, units = ACCOUNTS[account]
    path = f"o-a1b2c3d4e5/{'/'.join(units)}/{account}/"
    described = {"Id": account, "Name": name, "Email": "a@example.com", "State": "ACTIVE", "Status": "ACTIVE"}
    return {"Account": described | {"Paths": [path], "JoinedMethod": "CREATED", "JoinedTimestamp": TIME}}


@_answers("cloudformation.ListStackInstances")
def _list_stack_instances(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    details = {"StackSetId": request["StackSetName"], "Region": REGION, "Status": "CURRENT"}
    return {"Summaries": [details | {"Account": account} for account in organization.spokes]}


@_answers("ec2.DescribeInstances")
def _describe_instances(organization: Organization, request: dict[str, Any], account: str) -> dict[str, Any]:
    shown = _filtered(organization.instances.get(account, []), "InstanceId", request)
    return {"Reservations": [{"ReservationId": "r-1", "OwnerId": account, "Instances": shown}] if shown else []}


@_answers("ec2.DescribeVpcs")
def _describe_vpcs(organization: Organization, request: dict[str, Any], account: str) -> dict[str, Any]:
    return {"Vpcs": _filtered(organization.vpcs.get(account, []), "VpcId", request)}


def _filtered(shown: list[dict[str, Any]], key: str, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those of a filter, if there is one."""
    wanted = [value for each in request.get("Filters", ()) for value in each["Values"]]
    return [each for each in shown if not wanted or each[key] in wanted]


@_answers("ec2.DescribeVpcAttribute")
def _describe_vpc_attribute(_: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    name = request["Attribute"]
    return {"VpcId": request["VpcId"], f"{name[0].upper()}{name[1:]}": {"Value": True}}


@_answers("ec2.DescribeDhcpOptions")
def _describe_dhcp_options(_: Organization, _request: dict[str, Any], _account: str) -> dict[str, Any]:
    servers = {"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}, {"Value": "10.0.0.2"}]}
    common = {"OwnerId": PAYMENTS.id, "DhcpConfigurations": [servers], "Tags": []}
    return {"DhcpOptions": [common | {"DhcpOptionsId": f"dopt-{number}"} for number in (1, 2)]}


@_answers("route53.ListHostedZonesByVPC")
def _list_hosted_zones(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    domains = {zone_id: domain for domain, zone_id in ZONES.items()}
    zones = sorted(organization.zones_of.get(request["VPCId"], ()))
    found = [{"HostedZoneId": zone, "Name": domains[zone], "Owner": {"OwningAccount": NETWORK}} for zone in zones]
    other = {"HostedZoneId": "Z0OTHER", "Name": "other.example.", "Owner": {"OwningService": "efs.amazonaws.com"}}
    return {"HostedZoneSummaries": [*found, other], "MaxItems": "100"}


@_answers("route53.ListResourceRecordSets")
def _list_record_sets(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    if request["HostedZoneId"] not in organization.record_sets:
        raise Refused("NoSuchHostedZone")
    sets = sorted(organization.record_sets[request["HostedZoneId"]], key=_name_of)
    start = request.get("StartRecordName")
    if start is not None:
        sets = [each for each in sets if _name_of(each) >= _reversed(start)]
    return {"ResourceRecordSets": sets, "IsTruncated": False, "MaxItems": "300"}


def _name_of(record_set: Mapping[str, Any]) -> list[str]:
    return _reversed(record_set["Name"])


def _reversed(name: str) -> list[str]:
    return name.rstrip(".").split(".")[::-1]


@_answers("route53.ChangeResourceRecordSets")
def _change_record_sets(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    sets = list(organization.record_sets[request["HostedZoneId"]])
    for change in request["ChangeBatch"]["Changes"]:
        wanted = change["ResourceRecordSet"]
        same = [each for each in sets if _identity(each) == _identity(wanted)]
        if change["Action"] == "CREATE" and same:
            raise Refused("InvalidChangeBatch")
        if change["Action"] == "CREATE":
            sets.append(wanted)
        elif wanted in sets:
            sets.remove(wanted)
        else:
            raise Refused("InvalidChangeBatch")
    organization.record_sets[request["HostedZoneId"]] = sets
    return {"ChangeInfo": {"Id": "/change/C1", "Status": "PENDING", "SubmittedAt": TIME}}


def _identity(each: Mapping[str, Any]) -> tuple[object, ...]:
    return each["Name"], each["Type"], each.get("SetIdentifier")


@_answers("route53.CreateVPCAssociationAuthorization")
def _authorize(_: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    return {"HostedZoneId": request["HostedZoneId"], "VPC": request["VPC"]}


@_answers("route53.DeleteVPCAssociationAuthorization")
def _clear(_: Organization, _request: dict[str, Any], _account: str) -> dict[str, Any]:
    return {}


@_answers("route53.AssociateVPCWithHostedZone")
def _associate(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    organization.zones_of.setdefault(request["VPC"]["VPCId"], set()).add(request["HostedZoneId"])
    return {"ChangeInfo": {"Id": "/change/C2", "Status": "PENDING", "SubmittedAt": TIME}}


@_answers("route53.DisassociateVPCFromHostedZone")
def _disassociate(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    organization.zones_of.setdefault(request["VPC"]["VPCId"], set()).discard(request["HostedZoneId"])
    return {"ChangeInfo": {"Id": "/change/C3", "Status": "PENDING", "SubmittedAt": TIME}}


@_answers("route53profiles.ListProfiles")
def _list_profiles(_: Organization, _request: dict[str, Any], _account: str) -> dict[str, Any]:
    arn = f"arn:aws:route53profiles:{REGION}:{NETWORK}:profile/{PROFILE}"
    return {"ProfileSummaries": [{"Id": PROFILE, "Arn": arn, "Name": "orgdns", "ShareStatus": "SHARED_WITH_ME"}]}


@_answers("route53profiles.ListProfileAssociations")
def _list_profile_associations(organization: Organization, _request: dict[str, Any], account: str) -> dict[str, Any]:
    own = {vpc["VpcId"] for vpc in organization.vpcs.get(account, ())}
    found = [(vpc, profile) for vpc in sorted(own) for profile in sorted(organization.profiles_of.get(vpc, ()))]
    return {
        "ProfileAssociations": [
            {"Id": f"rpassoc-{vpc}", "OwnerId": account, "ProfileId": profile, "ResourceId": vpc, "Status": "COMPLETE"}
            for vpc, profile in found
        ]
    }


@_answers("route53profiles.ListProfileResourceAssociations")
def _list_profile_resources(_: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    arns = (
        f"arn:aws:route53:::hostedzone/{ZONES['instances.internal.']}",
        f"arn:aws:route53resolver:{REGION}:{NETWORK}:firewall-rule-group/{built.GROUP}",
        f"arn:aws:route53resolver:{REGION}:{NETWORK}:resolver-rule/{built.RULE}",
    )
    common = {"ProfileId": request["ProfileId"], "Status": "COMPLETE", "ResourceProperties": '{"priority": 102}'}
    return {"ProfileResourceAssociations": [common | {"Id": f"rpr-{arn}", "ResourceArn": arn} for arn in arns]}


@_answers("route53profiles.AssociateProfile")
def _associate_profile(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    organization.profiles_of.setdefault(request["ResourceId"], set()).add(request["ProfileId"])
    return {"ProfileAssociation": {"Id": "rpassoc-1", "Status": "CREATING"}}


@_answers("route53profiles.DisassociateProfile")
def _disassociate_profile(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    organization.profiles_of.setdefault(request["ResourceId"], set()).discard(request["ProfileId"])
    return {"ProfileAssociation": {"Id": "rpassoc-1", "Status": "DELETING"}}


def _per_vpc(organization: Organization, account: str, **members: object) -> list[dict[str, Any]]:
    return [
        {"Id": f"x-{vpc['VpcId']}", "VPCId": vpc["VpcId"], "VpcId": vpc["VpcId"], "ResourceId": vpc["VpcId"]} | members
        for vpc in organization.vpcs.get(account, ())
    ]


@_answers("route53resolver.ListResolverConfigs")
def _list_resolver_configs(organization: Organization, _request: dict[str, Any], account: str) -> dict[str, Any]:
    configs = _per_vpc(organization, account, OwnerId=account, AutodefinedReverse="ENABLED")
    for config in configs:
        if config["VPCId"] in organization.disabled:
            config["AutodefinedReverse"] = "DISABLED"
    return {"ResolverConfigs": configs}


@_answers("route53resolver.UpdateResolverConfig")
def _update_resolver_config(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    organization.disabled.add(request["ResourceId"])
    return {"ResolverConfig": {"Id": "rc-1", "AutodefinedReverse": "DISABLING"}}


@_answers("route53resolver.ListResolverRuleAssociations")
def _list_rule_associations(organization: Organization, _request: dict[str, Any], account: str) -> dict[str, Any]:
    return {"ResolverRuleAssociations": _per_vpc(organization, account, ResolverRuleId=built.RULE, Status="COMPLETE")}


@_answers("route53resolver.ListResolverRules")
def _list_resolver_rules(_: Organization, _request: dict[str, Any], account: str) -> dict[str, Any]:
    rule = {"Id": built.RULE, "OwnerId": account, "DomainName": "example.com.", "RuleType": "FORWARD"}
    other = {"Id": "rslvr-rr-2", "DomainName": "sub.example.com.", "RuleType": "SYSTEM", "Status": "COMPLETE"}
    return {"ResolverRules": [rule, other]}


@_answers("route53resolver.ListFirewallRuleGroupAssociations")
def _list_groups(organization: Organization, _request: dict[str, Any], account: str) -> dict[str, Any]:
    groups = _per_vpc(organization, account, FirewallRuleGroupId=built.GROUP, Priority=101, Status="COMPLETE")
    return {"FirewallRuleGroupAssociations": groups}


@_answers("route53resolver.ListFirewallRules")
def _list_firewall_rules(_: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    common = {"FirewallRuleGroupId": request["FirewallRuleGroupId"], "FirewallDomainListId": built.DOMAINS}
    rules = [
        common | {"Name": "first", "Priority": 1, "Action": "ALERT", "Qtype": "A"},
        common | {"Name": "second", "Priority": 2, "Action": "BLOCK", "BlockResponse": "NODATA"},
    ]
    return {"FirewallRules": rules}


@_answers("route53resolver.ListFirewallDomains")
def _list_firewall_domains(_: Organization, _request: dict[str, Any], _account: str) -> dict[str, Any]:
    return {"Domains": ["bad.example.", "*.bad.corp.internal."]}


@_answers("sqs.SendMessageBatch")
def _send(organization: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    organization.sent += [entry["MessageBody"] for entry in request["Entries"]]
    return {"Successful": [{"Id": entry["Id"], "MessageId": "m"} for entry in request["Entries"]], "Failed": []}


@_answers("sqs.ReceiveMessage")
def _receive(organization: Organization, _request: dict[str, Any], _account: str) -> dict[str, Any]:
    taken, organization.waiting = organization.waiting[:10], organization.waiting[10:]
    messages = [
        {
            "MessageId": f"further-{number}",
            "ReceiptHandle": f"receipt-{number}",
            "Body": body,
            "MD5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "Attributes": {"ApproximateReceiveCount": "1"},
        }
        for number, body in enumerate(taken)
    ]
    return {"Messages": messages} if messages else {}


@_answers("sqs.DeleteMessageBatch")
def _delete(_: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]], "Failed": []}


@_answers("sqs.GetQueueAttributes")
def _get_queue_attributes(_: Organization, request: dict[str, Any], _account: str) -> dict[str, Any]:
    return {"Attributes": dict.fromkeys(request["AttributeNames"], "0")}
