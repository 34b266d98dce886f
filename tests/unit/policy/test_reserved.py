"""Names that nobody in a member account can choose."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.loaders import create_loader
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.names.labels import is_reverse
from hub.runtime.names.templates import VARIABLE, chosen, inner_labels
from hub.runtime.policy.compiled import from_json, to_json
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.reserved import WELL_KNOWN, is_region
from tests.support.build import PAYMENTS, covering, instance
from tests.support.config.policies import decide, names, policy, reasons, rule
from tests.support.hostile import ACCOUNTS, TAGS, instances, policies, zone_ids

RESERVED = "'wpad' is reserved: only a rule that spells the name out gives it"


class TestWellKnownNames:
    @pytest.mark.parametrize("tag", sorted(WELL_KNOWN))
    def test_no_tag_gives_one_at_any_depth(self, tag: str) -> None:
        """A search list can be any domain, so the first label of a name is never a well-known name."""
        for template in ("{name}.corp.internal", "{name}.{region}.{account_name}.corp.internal"):
            decision = decide(rule(template), instance(name=tag.upper()))
            assert not decision.claims
            assert f"{tag!r} is reserved" in reasons(decision)

    def test_only_the_first_label_counts(self) -> None:
        """Nobody asks for a name with a well-known name in the middle."""
        subject = instance(name="wpad", tags={"aliases": "wpad wpad-1 web"})
        assert names(decide(rule("web.{name}.corp.internal"), subject)) == ["web.wpad"]
        decision = decide(rule("{alias}.corp.internal", aliases="aliases"), subject)
        assert names(decision) == ["web", "wpad-1"]
        assert reasons(decision) == f"wpad.corp.internal: {RESERVED}"

    def test_account_name_is_a_choice_and_the_text_of_a_rule_is_not(self) -> None:
        """An account that is called like a well-known name gets none; a rule that spells the label out gives it."""
        renamed = replace(PAYMENTS, label="wpad")
        assert RESERVED in reasons(decide(rule("{account_name}.corp.internal"), account=renamed))
        assert names(decide(rule("wpad.corp.internal"))) == ["wpad"]
        assert names(decide(rule("wpad.{account_name}.corp.internal"))) == ["wpad.payments"]

    def test_unreserved_name_is_free(self) -> None:
        """`unreserved` frees this name only, also after the policy was compiled and read back."""
        freed = policy(rule("{alias}.corp.internal", aliases="aliases"), unreserved=frozenset({"wpad"}))
        for read in (freed, from_json(to_json(freed))):
            decision = decide(read, instance(tags={"aliases": "wpad isatap"}))
            assert names(decision) == ["wpad"]
            assert "'isatap' is reserved" in reasons(decision)


class TestRegions:
    def test_every_region_of_every_partition_is_known(self) -> None:
        """The shape covers all codes of regions that botocore knows; none needs a new package."""
        partitions = create_loader().load_data("partitions")["partitions"]
        codes = {code for partition in partitions for code in partition["regions"] if "global" not in code}
        assert len(codes) > 30
        assert {code for code in codes if not is_region(code, ())} == set()

    @pytest.mark.parametrize(
        "label", ["web-prod-1", "my-app-2", "web-east-1", "eu-west", "west-1", "eu-west-1a", "x-eu-west-1"]
    )
    def test_other_labels_are_free(self, label: str) -> None:
        """Ordinary names of instances are not taken for regions."""
        assert not is_region(label, ("eu-west-1",))
        assert names(decide(rule(), instance(name=label))) == [label]

    def test_covered_region_counts_in_any_form(self) -> None:
        """A region of a new form is known because it is covered."""
        assert is_region("moon-base-1", ("moon-base-1",))
        whole = Policy(covering("moon-base-1"), policy().domains, (rule(),))
        assert "is the code of a region" in reasons(decide(whole, instance(name="moon-base-1")))

    @pytest.mark.parametrize(
        ("template", "name"),
        [
            ("{name}.corp.internal", "eu-west-1"),
            ("{name}.{tag:env}.corp.internal", "web"),
            ("{name}.{account_name}.corp.internal", "web"),
        ],
    )
    def test_label_below_the_zone_is_nobodys_choice(self, template: str, name: str) -> None:
        """Neither a tag nor an account name puts a name where those of a region seem to be."""
        subject = instance(name=name, tags={"env": "eu-west-1"})
        decision = decide(rule(template), subject, replace(PAYMENTS, label="eu-west-1"))
        assert not decision.claims
        assert "'eu-west-1' is the code of a region" in reasons(decision)

    def test_region_itself_and_deeper_labels_are_free(self) -> None:
        """The region of an instance and the text of a rule are no choice, and deeper labels are in their own place."""
        subject = instance(name="eu-west-1")
        for template in ("web.{region}.corp.internal", "{name}.{region}.corp.internal", "eu-west-1.corp.internal"):
            assert decide(rule(template), subject).claims


@given(policies(), TAGS, st.data())
def test_no_chosen_label_is_reserved_for_any_tags(policy: Policy, tags: dict[str, str], data: st.DataObject) -> None:
    """Whatever the tags say: a label that someone chooses is no well-known name in front, and no region at the zone."""
    account = data.draw(st.sampled_from(ACCOUNTS))
    renamed = replace(account, label=data.draw(st.sampled_from([account.label, "wpad", "eu-west-1", "us-gov-east-1"])))
    pushy = data.draw(st.sampled_from([{}, {"Name": "WPAD", "team": "eu-west-1", "aliases": "isatap, us-gov-east-1"}]))
    subject = data.draw(instances(account, 1, st.just(tags | pushy)))
    rules = {each.name: each for each in policy.rules}
    for claim in policy.decide(subject, renamed, zone_ids(policy), {}).claims:
        if is_reverse(claim.key.fqdn):
            continue
        labels = claim.key.fqdn.removesuffix(".corp.internal.").split(".")
        templates = [parts for each in rules[claim.rule].templates if len(parts := inner_labels(each)) == len(labels)]
        in_front = all(any(map(chosen, VARIABLE.findall(parts[0]))) for parts in templates)
        at_zone = all(any(map(chosen, VARIABLE.findall(parts[-1]))) for parts in templates)
        assert not (in_front and labels[0] in WELL_KNOWN)
        assert not (at_zone and is_region(labels[-1], policy.coverage.regions))
