"""Which shard of a table's stream has the changes of a partition key. Pure."""

from __future__ import annotations

from hashlib import blake2b


def shard_of(partition: str, shards: int) -> int:
    """The shard of a partition key: always the same, because a partition has a range of the hashes of keys.

    The hash is not AWS's. "Partitions and data distribution in DynamoDB"
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.Partitions.html).
    """
    return int.from_bytes(hashed(partition)) * shards >> 32


def hashed(text: str) -> bytes:
    """Four bytes, the same in every process."""
    return blake2b(text.encode(), digest_size=4).digest()
