from __future__ import annotations

import pytest

from sandbox.burst import burst


@pytest.mark.parametrize("share", [0.7, 1.0])
def test_burst_takes_what_the_buckets_ask_for_and_is_never_throttled(share: float) -> None:
    """Many new names at once go out as fast as the share of both buckets refills, and no batch is refused."""
    measured = burst(3_000, share)
    assert measured.throttled == 0
    assert measured.limit <= measured.seconds <= 1.1 * measured.limit
    assert measured.naive > 10 * measured.limit
