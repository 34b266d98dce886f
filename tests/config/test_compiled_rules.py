"""Each key of the file reaches the policy that the runtime reads."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import ConflictRule, Fqdn, Selection, WhenStopped
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.names.templates import Template
from hub.runtime.policy import compiled
from hub.runtime.policy.coverage import Coverage
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.rules import ReverseZone, Rule, Scope, TagCondition
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from orgdns.config.load import parse
from tests.support.config.configuration import everything, with_zones


def test_compiled_policy_has_every_key() -> None:
    """Each key reaches the runtime's policy and survives the conversion to JSON and back."""
    content = everything()
    policy = parse(yaml.safe_dump(content)).compiled_policy()
    domains = tuple(map(Fqdn, ("1.10.in-addr.arpa.", "2.10.in-addr.arpa.", "corp.internal.", "instances.internal.")))
    assert policy == Policy(
        coverage=Coverage(
            regions=frozenset({"eu-central-1", "eu-west-1", "us-east-1"}),
            units=frozenset({"ou-ab12-infra001", "ou-ab12-workload"}),
            included=frozenset({"888888888888"}),
            excluded=frozenset({"999999999999"}),
        ),
        domains=domains,
        rules=(
            Rule(
                name="short-names",
                templates=(
                    Template("{alias}.corp.internal.", domains[2]),
                    Template("{alias}.instances.internal.", domains[3]),
                ),
                ttl=30,
                conflict=ConflictRule.SHARE,
                scope=Scope(
                    accounts=frozenset({"444444444444", "555555555555"}),
                    units=frozenset({"ou-ab12-research"}),
                    regions=frozenset({"eu-west-1"}),
                    vpcs=frozenset({"vpc-12345678"}),
                    subnets=frozenset({"subnet-12345678"}),
                ),
                opt_in=TagCondition("dns"),
                opt_out=TagCondition("dns", "no"),
                aliases="names",
                allow=("web*",),
                deny=("admin*",),
                interfaces=Selection.ALL,
                addresses=Selection.FURTHER,
                stopped=WhenStopped.WITHDRAW,
                reverse=ConflictRule.OLDEST,
            ),
        ),
        unit_labels=(("ou-ab12-workload", "workloads"), ("r-ab12", "all")),
        account_labels=(("444444444444", "payments"), ("555555555555", "search")),
        reserved=("puppet.corp.internal", "db.corp.internal"),
        reverse_zones=(
            ReverseZone(
                domains[0],
                Scope(
                    accounts=frozenset({"444444444444"}),
                    units=frozenset({"ou-ab12-research"}),
                    vpcs=frozenset({"vpc-12345678"}),
                ),
            ),
            ReverseZone(domains[1]),
        ),
        adopting=(domains[2],),
        unreserved=frozenset({"wpad", "isatap"}),
        networks=((domains[2], ("10.0.0.0/8", "2001:db8::/32")),),
        association_policies=(
            AssociationPolicy(domains[0], AssociationMethod.PROFILE),
            AssociationPolicy(domains[1], AssociationMethod.PROFILE, disables_autodefined_rules=True),
            AssociationPolicy(
                domains[2],
                selections=(
                    VpcSelection(
                        Scope(
                            accounts=frozenset({"444444444444"}),
                            units=frozenset({"ou-ab12-research"}),
                            regions=frozenset({"eu-west-1"}),
                            vpcs=frozenset({"vpc-12345678"}),
                        ),
                        tag=TagCondition("dns", "shared"),
                        default=True,
                        cidrs=frozenset({"10.0.0.0/8", "2001:db8::/32"}),
                    ),
                ),
                exceptions=(VpcSelection(tag=TagCondition("dns")),),
                owns_all=True,
            ),
            AssociationPolicy(domains[3], selections=()),
        ),
    )
    assert compiled.from_json(compiled.to_json(policy)) == policy


TAGS = st.text("abcdefgh:-", min_size=1, max_size=9)

PATTERNS = st.lists(st.text("ab*", min_size=1, max_size=3), min_size=1, unique=True)

CONDITIONS = st.fixed_dictionaries({"tag": TAGS}, optional={"value": st.text("yesNO ", max_size=3)})

# Any rule: each optional key is absent or has one of its values.
RULES = st.fixed_dictionaries(
    {"name": st.just("rule"), "template": st.just("{name}.corp.internal"), "accounts": st.just(["444444444444"])},
    optional={
        "units": st.just(["ou-ab12-workload"]),
        "regions": st.lists(st.sampled_from(["eu-central-1", "us-east-1"]), min_size=1, unique=True).map(sorted),
        "vpcs": st.just(["vpc-12345678"]),
        "subnets": st.just(["subnet-12345678"]),
        "opt_in": CONDITIONS,
        "opt_out": CONDITIONS,
        "fallback": st.just("{name}.instances.internal"),
        "allow": PATTERNS,
        "deny": PATTERNS,
        "interfaces": st.sampled_from(Selection).map(str),
        "addresses": st.sampled_from(Selection).map(str),
        "ttl": st.integers(1, 86_400),
        "conflict": st.sampled_from(ConflictRule).map(str),
        "stopped": st.sampled_from(WhenStopped).map(str),
        "reverse": st.sampled_from(ConflictRule).map(str),
    },
)

DEFAULTS = {"interfaces": "primary", "addresses": "primary", "ttl": 60, "conflict": "newest", "stopped": "keep"}


def read_back(rule: Rule) -> dict[str, object]:
    """The runtime's rule in the form of the file."""
    written: dict[str, object] = {key: getattr(rule, key) for key in ("name", *DEFAULTS)}
    for key in ("accounts", "units", "regions", "vpcs", "subnets"):
        if (values := getattr(rule.scope, key)) is not None:
            written[key] = sorted(values)
    for key, condition in (("opt_in", rule.opt_in), ("opt_out", rule.opt_out)):
        if condition:
            written[key] = {"tag": condition.key} | ({} if condition.value is None else {"value": condition.value})
    texts = (template.text.removesuffix(".") for template in rule.templates)
    written |= dict(zip(("template", "fallback"), texts, strict=False))
    written |= {} if rule.allow is None else {"allow": list(rule.allow)}
    written |= {"deny": list(rule.deny)} if rule.deny else {}
    return written | ({} if rule.reverse is None else {"reverse": rule.reverse})


@given(RULES)
def test_any_rule_survives_compilation(rule: dict[str, object]) -> None:
    """For any rule, the compiled and reloaded policy is equivalent to the file."""
    content = yaml.safe_load(with_zones({"domain": "1.10.in-addr.arpa"}))
    content["policy"]["rules"] = [rule]
    loaded = compiled.from_json(compiled.to_json(parse(yaml.safe_dump(content)).compiled_policy()))
    assert read_back(loaded.rules[0]) == DEFAULTS | rule
