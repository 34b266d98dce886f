"""Random organizations, configurations, tags and orders of events: no account holds what it is not given."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hub.runtime.model.names import InstanceRef, Spoke
from tests.support.memory_vpcs import vpc_ref
from tests.support.security.given import ACCOUNT_NAMES, ACCOUNTS, CORP, REGION, UNITS, VPC_TAG, Facts, Setup
from tests.support.security.random_organization import RandomOrganization, facts_of, owners_by_label, pointer

# Names that instances ask for: plain ones, labels of accounts, and names that nobody can choose.
NAMES = ("web", "api", "red", "blue", "wpad", "eu-west-1", "web.red", "*")
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
SOME_UNITS = st.lists(st.sampled_from(sorted(UNITS)), min_size=1, max_size=2, unique=True).map(tuple)
SOME_ACCOUNTS = st.lists(st.sampled_from(ACCOUNTS), max_size=2, unique=True).map(tuple)
ANY_ACCOUNT = st.sampled_from(ACCOUNTS)


@st.composite
def setups(draw: st.DrawFn) -> Setup:
    include = draw(SOME_ACCOUNTS)
    return Setup(
        units=draw(SOME_UNITS),
        include=include,
        exclude=tuple(account for account in draw(SOME_ACCOUNTS) if account not in include),
        conflict=draw(st.sampled_from(["newest", "oldest", "share"])),
        short_units=draw(SOME_UNITS),
        short_accounts=draw(SOME_ACCOUNTS),
        reverse_units=draw(SOME_UNITS),
        vpc_units=draw(SOME_UNITS),
        pinned=draw(st.sampled_from([None, *ACCOUNTS])),
    )


class Attackers(RuleBasedStateMachine):
    """Administrators of accounts do what they like, in any order, while the functions work and time passes."""

    @initialize(setup=setups(), units=st.tuples(*[st.sampled_from(sorted(UNITS))] * len(ACCOUNTS)))
    def begin(self, setup: Setup, units: tuple[str, ...]) -> None:
        self.setup = setup
        self.world = RandomOrganization(setup)
        self.instances: list[InstanceRef] = []
        # Everything that each account was.
        self.history: dict[str, set[Facts]] = {account: set() for account in ACCOUNTS}
        self.addresses: dict[str, set[str]] = {account: set() for account in ACCOUNTS}
        for account, unit in zip(ACCOUNTS, units, strict=True):
            self.world.organizations.places[account].unit = unit
            self.world.vpcs.add(int(account[0]), account=account)
        self.remember()

    def remember(self) -> None:
        for account in ACCOUNTS:
            self.history[account].add(facts_of(self.world, account))

    # The organization and its administrators.

    @rule(account=ANY_ACCOUNT, unit=st.sampled_from(sorted(UNITS)))
    def move(self, account: str, unit: str) -> None:
        self.world.organizations.places[account].unit = unit
        self.remember()

    @rule(account=ANY_ACCOUNT, name=st.sampled_from(ACCOUNT_NAMES))
    def rename(self, account: str, name: str) -> None:
        self.world.organizations.places[account].name = name
        self.remember()

    @rule(account=ANY_ACCOUNT, state=st.sampled_from(["ACTIVE", "ACTIVE", "SUSPENDED"]))
    def suspend(self, account: str, state: str) -> None:
        self.world.organizations.places[account].state = state
        self.remember()

    @rule(missing=st.sampled_from(["", "", "Name", "State", "Paths"]))
    def leave_out(self, missing: str) -> None:
        self.world.organizations.missing = {missing}

    @rule(account=ANY_ACCOUNT)
    def deny_or_allow(self, account: str) -> None:
        self.world.ec2.denied ^= {Spoke(account, REGION)}
        self.world.vpcs.denied = set(self.world.ec2.denied)

    @precondition(lambda self: len(self.instances) < 5)
    @rule(account=ANY_ACCOUNT, name=st.sampled_from(NAMES), address=st.sampled_from(ADDRESSES))
    def launch(self, account: str, name: str, address: str) -> None:
        self.addresses[account].add(address)
        self.instances.append(self.world.launch(account, name, address))

    @precondition(lambda self: self.instances)
    @rule(position=st.integers(0, 4), name=st.sampled_from(NAMES))
    def retag(self, position: int, name: str) -> None:
        self.world.retag(self.instances[position % len(self.instances)], name)

    @precondition(lambda self: self.instances)
    @rule(position=st.integers(0, 4))
    def end(self, position: int) -> None:
        self.world.end(self.instances.pop(position % len(self.instances)))

    @rule(account=ANY_ACCOUNT, value=st.sampled_from(["private", "shared"]))
    def tag_vpc(self, account: str, value: str) -> None:
        self.world.vpcs.add(int(account[0]), account=account, tags=((VPC_TAG, value),))
        self.world.associate_vpc(vpc_ref(int(account[0]), account))

    # The functions, and time.

    @precondition(lambda self: self.world.hints)
    @rule(position=st.integers(0, 9))
    def observe(self, position: int) -> None:
        self.world.observe(position)

    @rule()
    def publish(self) -> None:
        self.world.publish()

    @rule(account=ANY_ACCOUNT)
    def sweep(self, account: str) -> None:
        self.world.sweep(account)

    @rule()
    def associate(self) -> None:
        self.world.associate()

    @rule(seconds=st.sampled_from([60, 1_000, 4_000, 8 * 86_400]))
    def wait(self, seconds: int) -> None:
        self.world.clock.sleep(seconds)

    # What must hold.

    @invariant()
    def no_account_holds_what_it_was_never_given(self) -> None:
        for account, record_set in self.world.records():
            ever = self.history[account]
            assert any(facts.may_hold(self.setup, record_set.fqdn, record_set.values) for facts in ever), (
                f"{account} holds {record_set}"
            )
            if not record_set.fqdn.endswith(CORP):
                assert record_set.fqdn in {pointer(address) for address in self.addresses[account]}
        for account in self.world.associated():
            assert any(facts.may_resolve(self.setup) for facts in self.history[account]), f"{account} resolves the zone"
        for label, held in self.world.ledger.held_labels.items():
            account = held.account_id
            assert not account or any(
                facts.covered(self.setup) and facts.label(self.setup) == label for facts in self.history[account]
            ), f"{account} has the label {label}"

    @invariant()
    def no_two_accounts_share_a_label(self) -> None:
        shared = {label: owners for label, owners in owners_by_label(self.world.records()).items() if len(owners) > 1}
        assert shared == {}

    def teardown(self) -> None:
        world = self.world
        # Accounts that deny access still do: it must not help them.
        world.organizations.missing = set()
        world.rest()
        for account, record_set in world.records():
            now = facts_of(world, account)
            assert now.may_hold(self.setup, record_set.fqdn, record_set.values), f"{account} still holds {record_set}"
        for account in world.associated():
            assert facts_of(world, account).may_resolve(self.setup), f"{account} still resolves the zone"
        # What the configuration gives is not withheld.
        for ref in self.instances:
            now = facts_of(world, ref.account)
            label, shown = now.label(self.setup), world.ec2.instances[ref].tag("Name")
            others = {facts_of(world, other).label(self.setup) for other in ACCOUNTS if other != ref.account}
            denies = Spoke(ref.account, REGION) in world.ec2.denied
            if not denies and now.covered(self.setup) and label and label not in others and shown in {"web", "api"}:
                names = {record_set.fqdn for _, record_set in world.records()}
                assert f"{shown}.{label}.{CORP}" in names


TestRandomOrganizations = Attackers.TestCase
TestRandomOrganizations.settings = settings(stateful_step_count=40)
