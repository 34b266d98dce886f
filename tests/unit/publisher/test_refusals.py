"""What a refusal of Route 53 blames."""

from __future__ import annotations

import pytest

from hub.runtime.publisher.refusals import BatchRefusal, refusal_of


@pytest.mark.parametrize(
    ("message", "names", "zone_full"),
    [
        (
            (
                "[Tried to create resource record set [name='web.corp.internal.', type='A'] but it already exists, "
                "Tried to delete resource record set [name='api.corp.internal.', type='A'] but it was not found]"
            ),
            {"web.corp.internal.", "api.corp.internal."},
            False,
        ),
        ("[RRSet with DNS name web.corp.internal., type A is not permitted]", {"web.corp.internal."}, False),
        ("[RRSet with DNS name Web.corp.internal is not permitted]", {"web.corp.internal."}, False),
        ("[name='not a name', name='api.corp.internal.']", {"api.corp.internal."}, False),
        ("[Exceeded limit MAX_RRSETS_BY_ZONE for zone: Z0CORP]", set(), True),
        ("[something is not right]", set(), False),
    ],
)
def test_refusal_blames_names_or_the_zone(message: str, names: set[str], *, zone_full: bool) -> None:
    """Both forms of a name in a message are recognized, and so is a full zone; what cannot be a name is ignored."""
    assert refusal_of(message) == BatchRefusal(message, frozenset(names), zone_full)


def test_empty_message_still_gives_a_reason() -> None:
    """A conflict has a reason even if Route 53's message is empty."""
    assert refusal_of("") == BatchRefusal("no reason given")
