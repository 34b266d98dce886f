from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.contract import GROUP_TAG, NAME_TAG
from hub.runtime.model.names import (
    Account,
)
from tests.support.build import (
    PAYMENTS,
    RESEARCH,
    SCIENCE,
    SUBNET,
    VPC,
    WORKLOADS,
    instance,
    interface,
)
from tests.support.config.policies import decide, names, policy, reasons, rule


class TestVariables:
    @pytest.mark.parametrize(
        ("template", "name"),
        [
            ("{name}", "web"),
            ("{instance_id}", "i-00000000000000001"),
            ("{name}-{short_id}", "web-00000001"),
            ("{account_id}", "444444444444"),
            ("{account_name}", "payments"),
            ("{ou}", "flows"),
            ("{region}", "eu-central-1"),
            ("{az}", "eu-central-1a"),
            ("{vpc_id}", VPC),
            ("{subnet_id}", SUBNET),
            ("{asg}", "web-fleet"),
            ("ip-{private_ipv4}", "ip-10-0-0-2"),
            ("{name}-{device_index}", "web-0"),
            ("{tag:team.name}", "core"),
        ],
    )
    def test_variable_has_its_value(self, template: str, name: str) -> None:
        """Each variable has the value that the reference documents."""
        subject = instance(tags={GROUP_TAG: "Web Fleet", "team.name": "Core"})
        whole = policy(rule(f"{template}.corp.internal"), unit_labels=((WORKLOADS, "flows"),))
        assert names(decide(whole, subject)) == [name]

    @pytest.mark.parametrize(
        ("template", "reason"),
        [
            ("{name}", f"no tag {NAME_TAG!r}"),
            ("{asg}", f"no tag {GROUP_TAG!r}"),
            ("{tag:team}", "no tag 'team'"),
            ("{account_name}", "was another's first"),
            ("{ou}", "no unit of the account has a label"),
            ("{az}", "no Availability Zone"),
            ("{vpc_id}", "not in a VPC"),
            ("{subnet_id}", "not in a subnet"),
            ("{private_ipv4}", "no private IPv4"),
        ],
    )
    def test_missing_value_is_a_refusal_or_the_fallback(self, template: str, reason: str) -> None:
        """Without a value there is no name but a reason, unless there is a fallback."""
        account = Account(PAYMENTS.id, None, "was another's first")
        bare = interface(ipv6=("2001:db8::1",), vpc_id="", subnet_id="")
        subject = replace(instance(name=None, interfaces=(bare,)), az="")
        text = f"{template}.corp.internal"
        (refusal,) = decide(rule(text), subject, account).refusals
        assert reason in refusal.reason
        # A missing tag means that the owner requested no name; the owner does not choose the other values.
        assert refusal.declined == ("tag" in reason)
        decision = decide(rule(text, "{instance_id}.x.corp.internal"), subject, account)
        assert names(decision) == ["i-00000000000000001.x"]
        assert not decision.refusals

    @pytest.mark.parametrize("empty", ["", " ", "\t\n", "\xa0\u2003"])
    @pytest.mark.parametrize(("template", "key"), [("{name}", NAME_TAG), ("{asg}", GROUP_TAG), ("{tag:team}", "team")])
    def test_n4_an_empty_tag_requests_no_name(self, template: str, key: str, empty: str) -> None:
        """An empty tag declines the name, as a missing tag does, and the fallback counts: nobody asked for a name."""
        subject = instance(name=None, tags={key: empty})
        text = f"{template}.corp.internal"
        (refusal,) = decide(rule(text), subject).refusals
        assert (refusal.reason, refusal.declined) == (f"the tag {key!r} is empty", True)
        assert names(decide(rule(text, "{instance_id}.x.corp.internal"), subject)) == ["i-00000000000000001.x"]

    @pytest.mark.parametrize("empty", ["", " ", " , ,"])
    def test_n4_an_empty_list_of_aliases_requests_no_name(self, empty: str) -> None:
        """An empty list of aliases declines, too."""
        (refusal,) = decide(rule("{alias}.corp.internal", aliases="list"), instance(tags={"list": empty})).refusals
        assert refusal.declined

    def test_nearest_labelled_unit_counts(self) -> None:
        """`{ou}` is the label of the nearest unit above the account that has one."""
        labels = ((WORKLOADS, "flows"), (RESEARCH, "lab"))
        whole = policy(rule("{name}.{ou}.corp.internal"), unit_labels=labels)
        assert names(decide(whole, account=SCIENCE)) == ["web.lab"]
        assert names(decide(whole, account=PAYMENTS)) == ["web.flows"]

    def test_fallback_without_value_gives_both_reasons(self) -> None:
        """If the fallback has no value either, the refusal has both reasons."""
        decision = decide(rule("{name}.corp.internal", "{asg}.corp.internal"), instance(name=None))
        assert NAME_TAG in reasons(decision)
        assert GROUP_TAG in reasons(decision)
