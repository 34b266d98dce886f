"""The keys of AWS KMS that encrypt what the stacks keep."""

from orgdns.config.sections.section import Section
from orgdns.config.types import KeyArn, KeyOfEachRegion


class Keys(Section):
    """Customer managed keys. What has no key here keeps the encryption that AWS or orgdns gives it."""

    ledger: KeyArn | None = None
    """The key of the ledger's table: the ARN of a key of the hub account in the hub's region."""
    queues: KeyArn | None = None
    """The key of the hub's queues, in the hub's region. EventBridge needs a statement in the key's policy."""
    logs: KeyArn | None = None
    """The key of the functions' logs, in the hub's region. CloudWatch Logs needs a statement in the key's policy."""
    functions: KeyArn | None = None
    """The key of the functions' environment variables, in the hub's region. They hold no secrets."""
    history: KeyArn | None = None
    """The key of the bucket of history, in the hub's region. S3 uses a key of the bucket under it (S3 Bucket Keys), so
    that few requests reach KMS."""
    undelivered: KeyOfEachRegion | None = None
    """The key of the queues of undelivered events, which each covered account has in each covered region: an alias that
    exists in all of them, such as alias/orgdns, or the ARN of a multi-Region key with replicas in all covered regions.
    EventBridge needs a statement in each key's policy."""
