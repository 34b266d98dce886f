"""A tag that is the whole name of its rule: `web.corp.internal` in a rule that would give `web` that name."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from hub.runtime.names.labels import NameRefused
from hub.runtime.names.templates import VARIABLE, Name, Template, chosen_freely
from tests.support.build import CORP, PAYMENTS, SEARCH, example_policy, instance
from tests.support.hostile import TEMPLATES, VALUES, zone_ids

FACTS = {
    "account_name": "payments",
    "account_id": "444444444444",
    "ou": "workloads",
    "region": "eu-central-1",
    "az": "eu-central-1a",
    "instance_id": "i-0a000000000000001",
    "short_id": "00000001",
    "vpc_id": "vpc-0a000000000000001",
    "device_index": "0",
    "private_ipv4": "10-1-0-4",
}


def given_name(text: str, **chosen: str) -> Name:
    values = FACTS | {key.replace("tag_", "tag:"): value for key, value in chosen.items()}
    return Template.parse(text, [CORP]).name(values.__getitem__)


@pytest.mark.parametrize(
    ("text", "value", "fqdn"),
    [
        ("{name}.corp.internal", "web.corp.internal", "web.corp.internal."),
        ("{name}.corp.internal", "Web.Corp.Internal.", "web.corp.internal."),
        ("{name}.corp.internal", " web.corp.internal ", "web.corp.internal."),
        ("{name}.corp.internal", "Mail_Server.corp.internal", "mail-server.corp.internal."),
        ("{name}.corp.internal", "b\xfccher.corp.internal", "xn--bcher-kva.corp.internal."),
        (
            "{name}.{region}.{account_name}.corp.internal",
            "web.eu-central-1.payments.corp.internal",
            "web.eu-central-1.payments.corp.internal.",
        ),
        ("{name}-eth{device_index}.if.corp.internal", "gw-eth0.if.corp.internal", "gw-eth0.if.corp.internal."),
        ("ip-{private_ipv4}.{name}.corp.internal", "ip-10-1-0-4.gw.corp.internal", "ip-10-1-0-4.gw.corp.internal."),
        # Other dots are other characters, as ever.
        ("{name}.corp.internal", "web.v2", "web-v2.corp.internal."),
        ("{name}.corp.internal", "a.b.corp.internal", "a-b-corp-internal.corp.internal."),
        ("{name}.corp.internal", "web.corp.internal..", "web-corp-internal.corp.internal."),
        ("{name}.corp.internal", ".corp.internal", "corp-internal.corp.internal."),
        ("{name}.corp.internal", "corp.internal", "corp-internal.corp.internal."),
        ("{name}.corp.internal", "webcorp.internal", "webcorp-internal.corp.internal."),
        ("{name}.{account_name}.corp.internal", "web.corp.internal", "web-corp-internal.payments.corp.internal."),
        (
            "{name}.{account_name}.corp.internal",
            "web.search.corp.internal",
            "web-search-corp-internal.payments.corp.internal.",
        ),
        ("{name}.{name}.corp.internal", "w.w.corp.internal", "w-w-corp-internal.w-w-corp-internal.corp.internal."),
    ],
)
def test_n1_a_tag_that_is_the_whole_name_means_that_name(text: str, value: str, fqdn: str) -> None:
    """The whole name, in any case and with a final dot, means the name; every other dot becomes a hyphen."""
    assert given_name(text, name=value).fqdn == fqdn


def test_n1_every_variable_that_an_owner_chooses_may_be_the_whole_name() -> None:
    """A tag, an alias and the name of a group count like the tag Name; the rest of the name is that of the instance."""
    assert given_name("{tag:dns}.corp.internal", tag_dns="web.corp.internal").fqdn == "web.corp.internal."
    assert given_name("{alias}.corp.internal", alias="www.corp.internal").fqdn == "www.corp.internal."
    assert given_name("{asg}.corp.internal", asg="fleet.corp.internal").fqdn == "fleet.corp.internal."
    both = "{name}.{tag:team}.corp.internal"
    assert given_name(both, name="web.blue.corp.internal", tag_team="Blue").fqdn == "web.blue.corp.internal."
    assert given_name(both, name="web", tag_team="web.blue.corp.internal").fqdn == "web.blue.corp.internal."
    international = given_name(both, name="web.xn--grn-ioa.corp.internal", tag_team="gr\xfcn")
    assert international.fqdn == "web.xn--grn-ioa.corp.internal."


def test_n1_the_claim_records_that_the_tag_was_the_whole_name() -> None:
    """The note of the claim says how the tag was read."""
    notes = given_name("{name}.corp.internal", name="Web.corp.internal").notes
    assert notes == ("'Web.corp.internal' is the whole name: {name} is 'Web'", "'Web' is written 'web': in lower case")


def test_n1_facts_are_never_whole_names() -> None:
    """A value that nobody chooses freely, such as an account's label, is one label and stays one."""
    made = Template.parse("{account_name}.corp.internal", [CORP]).name(lambda _: "web.corp.internal")
    assert made.fqdn == "web-corp-internal.corp.internal."


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("xn--80ak6aa92e.corp.internal", "starts as an encoded"),
        ("_.corp.internal", "no letter"),
        ("\u0440ay.corp.internal", "mixes"),
    ],
)
def test_n1_the_leading_part_is_checked_like_a_tag(value: str, reason: str) -> None:
    """The part that stands for the variable is refused where the tag alone would be."""
    for each in (value, value.removesuffix(".corp.internal")):
        with pytest.raises(NameRefused, match=reason):
            given_name("{name}.corp.internal", name=each)


SHORT = VALUES.filter(lambda value: value and "." not in value)
WHOLE = st.one_of(
    VALUES, st.tuples(VALUES, st.sampled_from([".corp.internal", ".x.corp.internal", ".CORP.internal."])).map("".join)
)


@given(TEMPLATES, st.data())
def test_n1_whole_names_reach_no_name_that_short_values_do_not_reach(text: str, data: st.DataObject) -> None:
    """Each name that any values give is also given by values of one label.

    That is why the checks of the configuration, which know only values of one label, hold for whole names, too.
    """
    template = Template.parse(text, [CORP])
    chosen = {variable: data.draw(WHOLE) for variable in sorted(template.variables) if chosen_freely(variable)}
    reached = outcome(template, chosen)
    event(f"reached by dots: {reached is not None and any('.' in value for value in chosen.values())}")
    if reached:
        short = dict(zip(_places(template), _labels_at_places(template, reached), strict=True))
        assert not any("." in value for value in short.values())
        assert outcome(template, short) == reached


@given(TEMPLATES, st.data())
def test_n1_a_whole_name_gives_what_the_short_value_gives(text: str, data: st.DataObject) -> None:
    """A whole name is accepted or refused like the short value, also if another owner's tag is in the name."""
    template = Template.parse(text, [CORP])
    free = [variable for variable in sorted(template.variables) if chosen_freely(variable)]
    others = {variable: data.draw(st.sampled_from(["web", "Prod Team", "b\xfccher"])) for variable in free}
    for variable in free:
        short = data.draw(SHORT)
        if text.count(f"{{{variable}}}") == 1:
            before, after = _around(template, variable, others)
            whole = f"{before}{short}{data.draw(st.sampled_from([after, after.upper(), f'{after}.']))}"
            assert outcome(template, others | {variable: whole}) == outcome(template, others | {variable: short})


@given(SHORT)
def test_n1_the_checks_apply_to_the_name_that_results(short: str) -> None:
    """By a rule with denied patterns and reserved names, the whole name gets exactly what the short one gets."""
    policy = replace(example_policy(), rules=example_policy().rules[1:2])
    assert policy.rules[0].deny

    def gets(tag: str) -> tuple[set[str], list[tuple[str, bool]]]:
        decision = policy.decide(instance(name=tag), PAYMENTS, zone_ids(policy), {"search": SEARCH.id})
        return {claim.key.fqdn for claim in decision.claims}, [(each.name, each.declined) for each in decision.refusals]

    if short.strip():
        assert gets(f"{short}.corp.internal") == gets(short)
    for barred in ("db", "admin-1", "wpad", "eu-west-1", "search"):
        names, refused = gets(f"{barred}.corp.internal")
        assert (names, refused) == (set(), [(f"{barred}.corp.internal.", False)])


def outcome(template: Template, chosen: dict[str, str]) -> str | None:
    try:
        return template.name((FACTS | chosen).__getitem__).fqdn
    except NameRefused:
        return None


def _places(template: Template) -> list[str]:
    return list(dict.fromkeys(each for each in VARIABLE.findall(template.text) if chosen_freely(each)))


def _labels_at_places(template: Template, fqdn: str) -> tuple[str, ...]:
    """What stands for each freely chosen variable in a name of the template, international labels decoded."""
    seen: set[str] = set()
    pattern = ""
    for number, part in enumerate(VARIABLE.split(template.text)):
        if number % 2 == 0:
            pattern += re.escape(part)
        elif not chosen_freely(part):
            pattern += re.escape(FACTS[part])
        else:
            group = f"v{_places(template).index(part)}"
            pattern += f"(?P={group})" if part in seen else f"(?P<{group}>[^.]+)"
            seen.add(part)
    decoded = ".".join(
        label.removeprefix("xn--").encode("ascii").decode("punycode") if label.startswith("xn--") else label
        for label in fqdn.split(".")
    )
    match = re.fullmatch(pattern, decoded)
    assert match
    return match.groups()


def _around(template: Template, variable: str, others: dict[str, str]) -> tuple[str, str]:
    """The text before and after a variable in a name of the template."""
    name = template.name((FACTS | others | {variable: "MARK0MARK"}).__getitem__).fqdn.removesuffix(".")
    before, after = name.split("mark0mark")
    return before, after
