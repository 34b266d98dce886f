"""The names of the resources of one installation. Pure.

Several installations can run side by side, in one organization and one account. Each has a name of its own, with which
the names of all its resources begin, so that no two installations have a resource of the same name. Templates, runtime
and command get a name here, so that they cannot drift apart.
"""

from dataclasses import dataclass
from typing import Final

DEFAULT_INSTALLATION: Final = "orgdns"


class _Suffix:
    """An attribute of `Names`: the name of the installation with this after it."""

    def __init__(self, suffix: str = "") -> None:
        self.suffix = suffix

    def __get__(self, names: "Names", _: type | None = None) -> str:
        return f"{names.installation}{self.suffix}"


# The longest name of an installation. An S3 bucket has the shortest name of all: at most 63 characters, with the
# account and the region after the installation's. A role has 64, with "-delivery-" and the region.
LONGEST_INSTALLATION: Final = 24


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the resources of an installation.

    Attributes:
        installation: The name of the installation, with which all others begin.
    """

    installation: str

    # Roles. IAM names are global within an account, so the role that exists once a region carries the region in its
    # name.
    observer_role = _Suffix("-observer")
    publisher_role = _Suffix("-publisher")
    sweeper_role = _Suffix("-sweeper")
    associator_role = _Suffix("-associator")
    historian_role = _Suffix("-historian")
    reporter_role = _Suffix("-reporter")
    schedule_role = _Suffix("-schedule")
    # In the networking account.
    writer_role = _Suffix("-writer")
    zone_reader_role = _Suffix("-zone-reader")
    # Authorizes the association of a VPC with a zone, and ends associations.
    authorizer_role = _Suffix("-authorizer")
    # Puts calls that change records of the zones on the hub's bus.
    zone_changes_role = _Suffix("-zone-changes")
    # In each account.
    reader_role = _Suffix("-reader")
    # Associates the account's own VPCs.
    vpc_role = _Suffix("-vpc-associator")
    delivery_role_prefix = _Suffix("-delivery-")

    # The stacks, as the documentation deploys them.
    hub_stack = _Suffix("-hub")
    network_stack = _Suffix("-network")
    network_region_stack = _Suffix("-network-region")
    zone_changes_stack = _Suffix("-network-zone-changes")
    rollout_stack = _Suffix("-rollout")
    # In the management account, in which StackSets deploy nothing.
    spoke_account_stack = _Suffix("-spoke-account")
    spoke_region_stack = _Suffix("-spoke-region")
    # The StackSets of the spokes. The stack instances of the second one are the list of spokes.
    account_stack_set = _Suffix("-spoke-account")
    region_stack_set = _Suffix("-spoke-region")
    # Those of the accounts that are included by name.
    included_account_stack_set = _Suffix("-spoke-account-included")
    included_region_stack_set = _Suffix("-spoke-region-included")

    # The hub's event bus, and its rules that route events to the queues of the functions.
    event_bus = _Suffix()
    instances_rule = _Suffix("-received-instances")
    vpcs_rule = _Suffix("-received-vpcs")
    bus_zone_changes_rule = _Suffix("-received-zone-changes")
    # In the networking account.
    zone_changes_rule = _Suffix("-zone-changes")
    schedule_group = _Suffix()
    observer_function = _Suffix("-observer")
    publisher_function = _Suffix("-publisher")
    sweeper_function = _Suffix("-sweeper")
    associator_function = _Suffix("-associator")
    historian_function = _Suffix("-historian")
    # Exists only if files are written every day.
    reporter_function = _Suffix("-reporter")
    ledger_table = _Suffix("-ledger")
    events_queue = _Suffix("-events")
    events_dead_letter_queue = _Suffix("-events-dead-letters")
    publisher_dead_letter_queue = _Suffix("-publisher-dead-letters")
    # Names of accounts that change names faster than their rate allows. The publisher sends to it, and processes it.
    backlog_queue = _Suffix("-backlog")
    backlog_dead_letter_queue = _Suffix("-backlog-dead-letters")
    sweeps_queue = _Suffix("-sweeps")
    sweeps_dead_letter_queue = _Suffix("-sweeps-dead-letters")
    associations_queue = _Suffix("-associations")
    associations_dead_letter_queue = _Suffix("-associations-dead-letters")
    reports_queue = _Suffix("-reports")
    reports_dead_letter_queue = _Suffix("-reports-dead-letters")
    dashboard = _Suffix()
    # Metrics in different namespaces are isolated from each other (CloudWatch User Guide, "Metrics concepts"), so that
    # no statistic and no search has those of two installations.
    metrics_namespace = _Suffix()

    # In each spoke: the events that did not reach the hub.
    undelivered_queue = _Suffix("-undelivered")
    # The Route 53 Profile of each region, in the networking account, and its resource share.
    profile = _Suffix()
    profile_share = _Suffix("-profile")
    # In the management account.
    service_control_policy = _Suffix("-spokes")

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of all functions."""
        return (
            self.observer_function,
            self.publisher_function,
            self.sweeper_function,
            self.associator_function,
            self.historian_function,
            self.reporter_function,
        )

    @property
    def parameters(self) -> str:
        """With this, the names of the SSM parameters with the stacks' outputs begin."""
        return f"/orgdns/{self.installation}"

    @property
    def stack_sets(self) -> tuple[str, ...]:
        """The names of all StackSets. Those of accounts included by name need not exist."""
        included = (self.included_account_stack_set, self.included_region_stack_set)
        return (self.account_stack_set, self.region_stack_set, *included)

    def of(self, name: str) -> str:
        """The name of a resource that has its name in this installation: an alarm, a rule in a spoke."""
        return f"{self.installation}-{name}"

    def history_bucket(self, account: str, region: str) -> str:
        """The bucket of history, of the hub's account and region. Names of buckets are global."""
        return f"{self.installation}-history-{account}-{region}"

    def reports_bucket(self, account: str, region: str) -> str:
        """The bucket of the files of each day, as above."""
        return f"{self.installation}-reports-{account}-{region}"

    def within(self, resource: str) -> str:
        """The name within the installation of a resource whose name begins with the installation's."""
        return resource.removeprefix(f"{self.installation}-")


DEFAULT_NAMES: Final = Names(DEFAULT_INSTALLATION)


def log_group(function: str) -> str:
    """The log group of a function."""
    return f"/aws/lambda/{function}"
