"""An instance as somebody describes it, before it exists. What is left out has a default. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hub.runtime.model.names import Instance, InstanceRef, InstanceState, Interface, Millis

# No VPC and no subnet has such an id, so a rule for certain VPCs or subnets is not for an instance without them.
ANY_VPC: Final = "vpc-00000000000000000"
ANY_SUBNET: Final = "subnet-00000000000000000"
# The first instance of a trial has the first of these addresses, the second the next.
_FIRST_ADDRESS: Final = 10


@dataclass(frozen=True, slots=True)
class Default:
    """A fact that was not given, the value that it has instead, and why that one."""

    fact: str
    value: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Defaults:
    """The region and the unit of what has none: the first of the configuration."""

    region: str
    unit: str


@dataclass(frozen=True, slots=True)
class GivenAccount:
    """An account: its name, and the root and the units that contain it, from the root down."""

    id: str
    name: str | None = None
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenInterface:
    """A network interface, without the facts that were not given."""

    vpc: str | None = None
    subnet: str | None = None
    addresses: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class GivenInstance:
    """An instance, without the facts that were not given. `name` is what a case calls it."""

    account: str
    region: str | None = None
    interfaces: tuple[GivenInterface, ...] = (GivenInterface(),)
    tags: tuple[tuple[str, str], ...] = ()
    state: InstanceState | None = None
    id: str | None = None
    name: str = ""


@dataclass(slots=True)
class _Completion:
    """The defaults that were needed."""

    defaults: list[Default] = field(default_factory=list)

    def known(self, fact: str, given: str | None, default: str, reason: str = "") -> str:
        if given is not None:
            return given
        self.defaults.append(Default(fact, default, reason))
        return default


def completed_account(
    given: GivenAccount, pinned: str | None, included: frozenset[str], defaults: Defaults
) -> tuple[GivenAccount, tuple[Default, ...]]:
    """The account with a name and units, and the defaults that it needed.

    `pinned` is the label that the configuration gives the account, so that its name does not matter. The accounts
    `included` are covered in any unit.
    """
    completion = _Completion()
    name = given.name
    if name is None and pinned is None:
        name = completion.known("account name", None, f"account {given.id}")
    units = given.units
    if not units and given.id not in included:
        units = (completion.known("unit", None, defaults.unit, "the first of organization.units"),)
    return GivenAccount(given.id, name or "", units), tuple(completion.defaults)


def completed_instance(
    given: GivenInstance, defaults: Defaults, number: int = 0
) -> tuple[Instance, tuple[Default, ...]]:
    """The instance with all facts, and the defaults that it needed. Of several, the one with the lower number is older.

    The primary address of an interface comes first, as EC2 lists it.
    """
    completion = _Completion()
    region = completion.known("region", given.region, defaults.region, "the first of spokes.regions")
    instance_id = completion.known("instance id", given.id, f"i-{0x0123456789ABCDEF0 + number:017x}")
    state = InstanceState(completion.known("state", given.state, InstanceState.RUNNING))
    interfaces = tuple(
        _interface(interface, index, completion, f"10.0.{index}.{_FIRST_ADDRESS + number}")
        for index, interface in enumerate(given.interfaces)
    )
    instance = Instance(
        ref=InstanceRef(given.account, region, instance_id),
        state=state,
        launched_at=Millis(number + 1),
        az=f"{region}a",
        interfaces=interfaces,
        tags=tuple(sorted(given.tags)),
    )
    return instance, tuple(completion.defaults)


def _interface(given: GivenInterface, index: int, completion: _Completion, address: str) -> Interface:
    of_interface = f" of interface {index}" if index else ""
    addresses = given.addresses
    if addresses is None:
        addresses = (completion.known(f"address{of_interface}", None, address),)
    return Interface(
        device_index=index,
        vpc_id=completion.known(f"vpc{of_interface}", given.vpc, ANY_VPC, "none that a rule names"),
        subnet_id=completion.known(f"subnet{of_interface}", given.subnet, ANY_SUBNET, "none that a rule names"),
        ipv4=tuple(each for each in addresses if ":" not in each),
        ipv6=tuple(sorted(each for each in addresses if ":" in each)),
    )
