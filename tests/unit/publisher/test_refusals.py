"""What a refusal of Route 53 blames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.boundary.texts import MAX_TEXT
from hub.runtime.publisher.refusals import BatchRefusal, fingerprint, refusal_of
from tests.support.build import record_set

WEB, API = "web.corp.internal.", "api.corp.internal."
EXISTS = f"Tried to create resource record set [name='{WEB}', type='A', set-identifier='x, Y z'] but it already exists"
MISSING = f"Tried to delete resource record set [name='{API}', type='A'] but it was not found"
MIXED = (
    f'RRSet with DNS name {WEB}, type A, SetIdentifier "x" cannot be created because a non multivalue answer rrset '
    "exists with the same name and type."
)
CNAME = (
    f"RRSet of type A with DNS name {API} is not permitted because a conflicting RRSet of type CNAME with the same DNS "
    "name already exists in zone corp.internal."
)
INPUT = (
    "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, or MultiValueAnswer], but found "
    f"none in Change with [Action=CREATE, Name={WEB}, Type=A, SetIdentifier=x]"
)


@pytest.mark.parametrize(
    ("message", "blamed", "zone_full"),
    [
        (f"[{EXISTS}, {MISSING}]", {WEB: EXISTS, API: f"{MISSING}]"}, False),
        (f"[{MISSING}, {EXISTS}]", {WEB: f"{EXISTS}]", API: MISSING}, False),
        (f"[{MIXED}, {CNAME}]", {WEB: MIXED, API: f"{CNAME}]"}, False),
        (f"[{CNAME}, {MIXED}, {EXISTS}]", {API: CNAME, WEB: f"{MIXED}; {EXISTS}]"}, False),
        (INPUT, {WEB: INPUT}, False),
        (
            "[RRSet with DNS name Web.corp.internal is not permitted]",
            {WEB: "RRSet with DNS name Web.corp.internal is not permitted]"},
            False,
        ),
        ("[name='not a name', name='other.corp.internal.']", {}, False),
        ("[Exceeded limit MAX_RRSETS_BY_ZONE for zone: Z0CORP]", {}, True),
        ("[something is not right]", {}, False),
    ],
)
def test_p4_refusal_blames_each_name_with_its_own_message(
    message: str, blamed: dict[str, str], *, zone_full: bool
) -> None:
    """Each name of the batch has what the message says about it. Other names are not blamed, nor what is no name."""
    assert refusal_of(message, [WEB, API]) == BatchRefusal(message, blamed, zone_full)


def test_empty_message_still_gives_a_reason() -> None:
    """A conflict has a reason even if Route 53's message is empty."""
    assert refusal_of("", [WEB]) == BatchRefusal("no reason given")


@given(
    st.lists(
        st.one_of(st.sampled_from([EXISTS, MISSING, MIXED, CNAME, INPUT, ", ", "name='", "DNS name "]), st.text())
    ),
    st.booleans(),
)
def test_p5_any_message_is_read(parts: list[str], known: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever a message says, it only blames names of the batch, and every reason is bounded and can be stored."""
    refusal = refusal_of("".join(parts), [WEB, API], known=known)
    assert refusal.blamed.keys() <= {WEB, API}
    for name in (WEB, API, "other."):
        reason = refusal.about(name)
        assert reason
        assert len(reason) <= MAX_TEXT + 3
        reason.encode()


@pytest.mark.parametrize(
    "message", ["\ud800" * 100, "x" * 10**6, "name='" * 200_000, ", A " * 250_000, "DNS name a" * 10**5]
)
def test_p5_odd_message_of_a_megabyte_is_read_at_once(message: str) -> None:
    """A message of a megabyte costs no time, and gives a bounded reason that can be stored."""
    refusal = refusal_of(message, [WEB])
    assert not refusal.blamed
    assert len(refusal.message.encode()) <= MAX_TEXT + 3


def test_fingerprint_depends_on_the_record_sets_alone() -> None:
    """Two sets of record sets have the same fingerprint only if they are equal, in any order."""
    assert fingerprint([record_set(1), record_set(2)]) == fingerprint([record_set(2), record_set(1)])
    others = [[], [record_set(1)], [record_set(2)], [record_set(1, ttl=61)], [record_set(1, address="10.0.0.9")]]
    assert len({fingerprint(other) for other in others}) == len(others)
