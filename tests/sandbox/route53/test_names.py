import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.route53.names import BadName, is_within, labels, listing_key, name_of_labels, stored_name

LABELS = st.lists(st.binary(min_size=1, max_size=10), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("given_name", "stored"),
    [
        ("Web.Corp.Internal", "web.corp.internal."),
        ("web.corp.internal.", "web.corp.internal."),
        ("*.corp.internal", "\\052.corp.internal."),
        ("\\052.corp.internal", "\\052.corp.internal."),
        ("\\101b.corp.internal", "ab.corp.internal."),
        ("a\\056b.corp.internal", "a\\056b.corp.internal."),
        ("_srv._tcp.corp-1.internal", "_srv._tcp.corp-1.internal."),
        ("a@b.corp.internal", "a\\100b.corp.internal."),
    ],
)
def test_name_has_one_stored_form(given_name: str, stored: str) -> None:
    """Case, a trailing dot and octal escapes make no difference."""
    assert stored_name(given_name) == stored


@given(LABELS)
def test_stored_form_is_stable(parts: list[bytes]) -> None:
    """A name that Route 53 returns can be sent back unchanged."""
    stored = name_of_labels(tuple(parts))
    assert stored_name(stored) == stored
    assert labels(stored) == tuple(part.lower() for part in parts)


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("a" * 64 + ".corp.internal", "FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with"),
        ("a..corp.internal", "FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with"),
        (".".join(["a" * 63] * 4) + ".b", "FATAL problem: DomainNameTooLong"),
        ("wéb.corp.internal", "FATAL problem: UnsupportedCharacter (Value contains unsupported characters)"),
        ("a b.corp.internal", "FATAL problem: UnsupportedCharacter"),
        ("", "FATAL problem: DomainLabelEmpty"),
    ],
)
def test_unreadable_name_has_route_53s_message(bad: str, problem: str) -> None:
    """Each fault of a name has its own problem code."""
    with pytest.raises(BadName) as refused:
        stored_name(bad)
    assert str(refused.value).startswith(problem)


def test_longest_label_and_name_are_accepted() -> None:
    """A label may have 63 bytes, and a name 255 with its dots."""
    longest = ".".join(["a" * 63] * 3 + ["b" * 62]) + "."
    assert len(longest) == 255
    assert stored_name(longest) == longest


def test_escape_counts_as_one_byte() -> None:
    """A label of 63 escaped bytes is as long as one of 63 letters."""
    assert stored_name("\\052" * 63 + ".internal") == "\\052" * 63 + ".internal."


def test_listing_key_reverses_the_labels() -> None:
    """The dot after each label counts in the order, and the wildcard is an ordinary label."""
    names = ["corp-a.internal.", "b.corp.internal.", "\\052.corp.internal.", "corp.internal.", "a.b.corp.internal."]
    assert sorted(names, key=listing_key) == [
        "corp-a.internal.",
        "corp.internal.",
        "\\052.corp.internal.",
        "b.corp.internal.",
        "a.b.corp.internal.",
    ]


def test_domain_matches_at_label_boundaries() -> None:
    """`notcorp.internal` is not in `corp.internal`."""
    assert is_within("a.corp.internal.", "corp.internal.")
    assert is_within("corp.internal.", "corp.internal.")
    assert not is_within("notcorp.internal.", "corp.internal.")
