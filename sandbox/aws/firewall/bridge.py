"""Adds DNS Firewall to the emulator's Route 53 Resolver, which lacks it; `model` decides."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from moto.core.exceptions import JsonRESTError
from moto.route53resolver.responses import Route53ResolverResponse

from sandbox.aws.bridge import replaced
from sandbox.aws.firewall.model import Firewalls, Owner, Refused, Rule
from sandbox.aws.pages import InvalidToken, page
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# "MaxResults": https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListFirewallDomains.html
# and https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListFirewallRules.html
MAX_PAGE: Final = 100
MAX_DOMAINS: Final = 5_000

# A request of the emulator, which ships no types.
Moto = Any
Json = dict[str, Any]


@contextmanager
def dns_firewall() -> Iterator[Firewalls]:
    """Add the service to moto while the context lasts."""
    firewalls = Firewalls()
    operations = (
        create_firewall_domain_list,
        update_firewall_domains,
        list_firewall_domains,
        create_firewall_rule_group,
        create_firewall_rule,
        list_firewall_rules,
        associate_firewall_rule_group,
        disassociate_firewall_rule_group,
        list_firewall_rule_group_associations,
    )
    with replaced(
        Route53ResolverResponse, **{operation.__name__: _answered(operation, firewalls) for operation in operations}
    ):
        yield firewalls


def _answered(operation: Callable[[Firewalls, Moto, Owner], Json], firewalls: Firewalls) -> Callable[[Moto], str]:
    @wraps(operation)
    def answered(request: Moto) -> str:
        with firewalls.lock:
            try:
                return json.dumps(operation(firewalls, request, Owner(request.current_account, request.region)))
            except Refused as refused:
                raise JsonRESTError(refused.code, str(refused)) from refused

    return answered


def create_firewall_domain_list(firewalls: Firewalls, request: Moto, caller: Owner) -> Json:
    """CreateFirewallDomainList."""
    made = firewalls.create_list(caller)
    return {"FirewallDomainList": {"Id": made, "Name": request._get_param("Name"), "DomainCount": 0}}


def update_firewall_domains(firewalls: Firewalls, request: Moto, caller: Owner) -> Json:
    """UpdateFirewallDomains."""
    domain_list = request._get_param("FirewallDomainListId")
    domains, given = firewalls.domains(caller, domain_list), set(request._get_param("Domains"))
    if request._get_param("Operation") == "REMOVE":
        domains -= given
    elif request._get_param("Operation") == "ADD":
        domains |= given
    else:
        domains.clear()
        domains |= given
    return {"Id": domain_list, "Status": "COMPLETE"}


def list_firewall_domains(firewalls: Firewalls, request: Moto, caller: Owner) -> Json:
    """ListFirewallDomains."""
    domains = firewalls.domains(caller, request._get_param("FirewallDomainListId"))
    return _page(request, "Domains", {domain: domain for domain in domains}, MAX_DOMAINS)


def create_firewall_rule_group(firewalls: Firewalls, request: Moto, caller: Owner) -> Json:
    """CreateFirewallRuleGroup."""
    made = firewalls.create_group(caller)
    arn = arn_of("route53resolver", caller.region, caller.account, f"firewall-rule-group/{made.id}")
    return {"FirewallRuleGroup": {"Id": made.id, "Arn": arn, "Name": request._get_param("Name"), "RuleCount": 0}}


def create_firewall_rule(firewalls: Firewalls, request: Moto, caller: Owner) -> Json:
    """CreateFirewallRule. "This value must be unique within the rule group": Priority."""
    group = firewalls.group(caller, request._get_param("FirewallRuleGroupId"))
    priority = int(request._get_param("Priority"))
    if priority in group.rules:
        raise Refused("ConflictException", f"{group.id} already has a rule with the priority {priority}")
    group.rules[priority] = rule = Rule(
        name=request._get_param("Name"),
        priority=priority,
        action=request._get_param("Action"),
        domain_list=request._get_param("FirewallDomainListId"),
        query_type=request._get_param("Qtype") or "",
        response=request._get_param("BlockResponse") or "",
    )
    return {"FirewallRule": _rule(group.id, rule)}


def list_firewall_rules(firewalls: Firewalls, request: Moto, caller: Owner) -> Json:
    """ListFirewallRules. AWS documents no order."""
    group = firewalls.group(caller, request._get_param("FirewallRuleGroupId"))
    return _page(
        request, "FirewallRules", {rule.name: _rule(group.id, rule) for rule in group.rules.values()}, MAX_PAGE
    )


def associate_firewall_rule_group(firewalls: Firewalls, request: Moto, caller: Owner) -> Json:
    """AssociateFirewallRuleGroup."""
    names = ("FirewallRuleGroupId", "VpcId", "Priority")
    group, vpc, priority = map(request._get_param, names)
    made = firewalls.associate(caller, group, vpc, int(priority))
    return {"FirewallRuleGroupAssociation": {"Id": made.id, "FirewallRuleGroupId": group, "VpcId": vpc}}


def disassociate_firewall_rule_group(firewalls: Firewalls, request: Moto, _caller: Owner) -> Json:
    """DisassociateFirewallRuleGroup."""
    ended = firewalls.associations.pop(request._get_param("FirewallRuleGroupAssociationId"))
    return {"FirewallRuleGroupAssociation": {"Id": ended.id, "Status": "DELETING"}}


def list_firewall_rule_group_associations(firewalls: Firewalls, request: Moto, caller: Owner) -> Json:
    """ListFirewallRuleGroupAssociations."""
    found = {
        each.id: {
            "Id": each.id,
            "FirewallRuleGroupId": each.group,
            "VpcId": each.vpc,
            "Priority": each.priority,
            "Status": "COMPLETE",
        }
        for each in firewalls.associations.values()
        if each.owner == caller
    }
    return _page(request, "FirewallRuleGroupAssociations", found, MAX_PAGE)


def _rule(group: str, rule: Rule) -> Json:
    wire = {
        "FirewallRuleGroupId": group,
        "FirewallDomainListId": rule.domain_list,
        "Name": rule.name,
        "Priority": rule.priority,
        "Action": rule.action,
        "Qtype": rule.query_type,
        "BlockResponse": rule.response,
    }
    return {key: value for key, value in wire.items() if value != ""}


def _page(request: Moto, key: str, items: dict[str, Any], most: int) -> Json:
    size = min(int(request._get_param("MaxResults") or MAX_PAGE), most)
    try:
        ids, token = page(items, request._get_param("NextToken"), size)
    except InvalidToken as error:
        raise Refused("ValidationException", "the NextToken is not valid") from error
    return {key: [items[each] for each in ids]} | ({"NextToken": token} if token else {})
