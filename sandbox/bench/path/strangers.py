"""How long an account that behaves waits for its name while others start many instances, or flip tags."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from sandbox.bench.path.bursts import SHARE, share_exceeded, spoke_of
from sandbox.bench.path.hub import deployed
from sandbox.bench.path.services.parameters import Services
from sandbox.bench.path.services.vpcs import ASSOCIATIONS
from sandbox.bench.path.traffic import ALIASES, DOMAIN, NAME, Traffic, config

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# The account that flips tags, and the one of the honest burst. Strangers have other accounts, a new one each time.
ATTACKER: Final = ("900000000000", "eu-central-1")
BURST: Final = ("900000000001", "eu-west-1")
# Seconds between the starts of two strangers.
EVERY: Final = 2.0
# The environments of the functions are warm before anything is measured.
_WARM_SECONDS: Final = 30.0
# A stranger's name that is not there after this time counts with it.
_LONGEST: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class Attack:
    """Instances with so many names each, whose tag changes every second.

    A flip costs real time to simulate, and an instance that is damped costs the same in each second. So the attack
    runs in `spans` (seconds from the first flip until the first flip that is left out) of the hour: from the first flip
    until long after all instances are damped, and around the moments at which a damped instance may change again.
    """

    instances: int
    names: int = 1
    spans: Sequence[tuple[float, float]] = ((0.0, 60.0), (1_195.0, 1_215.0), (3_595.0, 3_600.0))

    @property
    def ends(self) -> float:
        """The seconds after which the last flip was made."""
        return self.spans[-1][1]


@dataclass(frozen=True, slots=True)
class Waits:
    """How long strangers waited from the event until the record, in seconds, in order, and the quota's excess."""

    seconds: tuple[float, ...]
    exceeded: float
    # How long the honest burst took.
    burst_seconds: float = 0.0

    def quantile(self, part: float) -> float:
        """Return how long all but this part of the strangers waited at most."""
        return self.seconds[max(0, min(len(self.seconds) - 1, int(len(self.seconds) * part)))]


def waits(
    shards: int,
    attack: Attack | None = None,
    burst: int = 0,
    *,
    strangers: int = 100,
    services: Services | None = None,
    cold: bool = False,
) -> Waits:
    """Let strangers start an instance each, while an account flips tags, and another one starts a burst.

    If `cold`, no execution environment is warm when a stranger's event comes.
    """
    with deployed(config(SHARE), services or Services(), shards) as hub:
        traffic = Traffic(hub)
        for number in range(20):
            traffic.start(*spoke_of(1_000 + number), {NAME: f"warm{number}"})
        hub.simulation.run(_WARM_SECONDS)
        flips = _flipping(traffic, attack) if attack else lambda: None
        hub.simulation.run(_WARM_SECONDS)
        began: dict[str, float] = {}

        def stranger(number: int) -> None:
            if cold:
                for function in hub.functions.values():
                    function.idle.clear()
            name = f"stranger{number}"
            began[f"{name}.{DOMAIN}."] = hub.simulation.now
            traffic.start(*spoke_of(2_000 + number), {NAME: name})

        for number, at in enumerate(_moments(strangers, attack)):
            hub.simulation.after(at, partial(stranger, number))
        flips()
        names = [f"b{number}.{DOMAIN}." for number in range(burst)]
        for number in range(burst):
            traffic.start(*BURST, {NAME: f"b{number}"})
        burst_began = hub.simulation.now

        def done() -> bool:
            return (
                len(began) == strangers
                and all(name in traffic.published for name in began)
                and len(traffic.published) >= burst
                and all(name in traffic.published for name in names)
            )

        hub.simulation.run(_LONGEST + (attack.ends if attack else 0.0), done)
        now = hub.simulation.now
        seconds = sorted(traffic.published.get(name, now) - at for name, at in began.items())
        ended = max((traffic.published.get(name, now) for name in names), default=burst_began)
        return Waits(tuple(seconds), share_exceeded(hub, SHARE), ended - burst_began)


def _moments(strangers: int, attack: Attack | None) -> list[float]:
    """Return when strangers start: spread over the times of the attack, or every two seconds."""
    if attack is None:
        return [number * EVERY + 0.001 for number in range(strangers)]
    whole = sum(until - since for since, until in attack.spans)
    found = []
    for number in range(strangers):
        left = (number + 0.5) * whole / strangers
        for since, until in attack.spans:
            if left < until - since:
                found.append(since + left)
                break
            left -= until - since
    return found


def _flipping(traffic: Traffic, attack: Attack) -> Callable[[], None]:
    """Start the instances of the attack; return what begins to flip their tags, each second within its spans."""
    instances = [traffic.start(*ATTACKER, _tags(number, attack.names, "a")) for number in range(attack.instances)]

    def flip(second: int) -> None:
        for number, instance_id in enumerate(instances):
            traffic.tag(*ATTACKER, instance_id, _tags(number, attack.names, "ab"[second % 2]))

    def begin() -> None:
        for since, until in attack.spans:
            for second in range(int(since), int(until)):
                traffic.hub.simulation.after(second, partial(flip, second + 1))

    return begin


def _tags(number: int, names: int, side: str) -> Mapping[str, str]:
    if names == 1:
        return {NAME: f"flip{number}{side}"}
    return {ALIASES: " ".join(f"flip{number}-{name}{side}" for name in range(names))}


def vpc_waits(*, flipping: int = 5, seconds: int = 3_600, strangers: int = 60) -> Waits:
    """Let strangers create a VPC each, while an account flips a tag of some VPCs every second."""
    with deployed(config(SHARE), Services(), shards=4) as hub:

        def report(spoke: tuple[str, str], vpc_id: str, tags: dict[str, str]) -> None:
            hub.deliver(ASSOCIATIONS, hub.network.event(*spoke, vpc_id, tags))

        def flip(second: int) -> None:
            for number in range(flipping):
                report(ATTACKER, f"vpc-{number:08x}", {"dns": "private"} if second % 2 else {})

        began: dict[str, float] = {}

        def stranger(number: int) -> None:
            vpc_id = f"vpc-{number:08x}"
            began[vpc_id] = hub.simulation.now
            report(spoke_of(number), vpc_id, {})

        for second in range(seconds):
            hub.simulation.after(second, partial(flip, second))
        for number in range(strangers):
            hub.simulation.after((number + 0.5) * seconds / strangers, partial(stranger, 1_000 + number))
        hub.simulation.run(
            seconds + _LONGEST,
            lambda: len(began) == strangers and all(each in hub.network.associated_at for each in began),
        )
        now = hub.simulation.now
        waited = sorted(hub.network.associated_at.get(each, now) - at for each, at in began.items())
        return Waits(tuple(waited), share_exceeded(hub, SHARE))
