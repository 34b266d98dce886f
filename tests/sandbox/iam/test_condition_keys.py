"""Values of condition keys that the guard computes. Pure."""

from __future__ import annotations

import pytest

from sandbox.aws.iam.permissions import normalized_record_name


@pytest.mark.parametrize(
    ("name", "normalized"),
    [
        ("Web.Corp.Internal.", "web.corp.internal"),
        ("*.corp.internal", r"\052.corp.internal"),
        (r"\052.corp.internal.", r"\052.corp.internal"),
        (r"\141.b", "a.b"),
        (r"a\056b.c", r"a\056b.c"),
        ("a b_c-d.e", r"a\040b_c-d.e"),
        ("ü.e", r"\303\274.e"),
    ],
)
def test_record_name_is_normalized(name: str, normalized: str) -> None:
    """Lower case, no trailing dot, and octal escapes except for letters, digits, hyphen, underscore and dot."""
    assert normalized_record_name(name) == normalized
