"""Keeps a simulated organization up on loopback: AWS's API for the `aws` command line, and DNS as each VPC sees it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import traceback
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from moto.ec2.models import ec2_backends
from rich.console import Console

from hub.package import PackageInvalid
from hub.runtime.names.labels import label_of
from orgdns.config.load import ConfigInvalid, load
from sandbox import example
from sandbox.api_server import answering
from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.stacks.operations import watch_all
from sandbox.aws.cloudformation.stacks.state import Polls
from sandbox.aws.functions.streams import SHARDS
from sandbox.aws.resolution.server import LOOPBACK
from sandbox.clock import RealClock
from sandbox.home import CannotStart, aws_config, write_private
from sandbox.narration import Narrator, ServedVpc, introduction
from sandbox.walk import deployment_commands, walk_through
from sandbox.world import World, world
from sandbox.world.invention import organization_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from orgdns.config.load import Config

# How often the functions poll their sources. In AWS their mappings wait a second or more for a batch to fill:
# "Batching behavior" (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html).
POLL_SECONDS: Final = 0.5
# How often who waits for a stack asks in vain.
STACK_POLLS: Final = 2
BROKEN, UNUSABLE = 1, 2


class FunctionsStopped(Exception):
    """The functions no longer run, so no event would be handled any more."""


@contextmanager
def repeating(work: Callable[[], None], over: threading.Event) -> Iterator[None]:
    """Repeat the work while the context lasts. A failure sets `over`, and is raised at the end.

    Raises:
        FunctionsStopped: if the work failed.
    """
    failures: list[Exception] = []

    def repeat() -> None:
        try:
            while not over.wait(POLL_SECONDS):
                work()
        except Exception as failure:  # noqa: BLE001 - raised below, in the main thread
            failures.append(failure)
            over.set()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    for failure in failures:
        raise FunctionsStopped(f"the functions stopped: {failure!r}") from failure


def _forget_the_shell() -> None:
    """Ignore the AWS settings of the shell, which may be those of this very sandbox."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as taken:
        raise CannotStart(
            f"{LOOPBACK}:{port}: {os.strerror(taken.errno or 0)}; choose another port with --port"
        ) from taken


def _served_vpcs(made: World, profiles: Mapping[str, str], dns_port: int) -> list[ServedVpc]:
    """Give each VPC its DNS port, in the order of creation."""
    served = []
    for number, vpc in enumerate([*made.vpcs.values(), *made.further_vpcs]):
        port = dns_port + number if dns_port else 0
        try:
            port = made.resolvers.serve(vpc.id, port)
        except OSError as taken:
            raise CannotStart(
                f"{LOOPBACK}:{port}: {os.strerror(taken.errno or 0)}; choose other ports with --dns-port"
            ) from taken
        associated = bool(made.route53.zones_of_vpc(vpc.id))
        served.append(ServedVpc(profiles[vpc.account], vpc.account, vpc.region, vpc.id, vpc.subnet, associated, port))
    return served


@dataclass(frozen=True, slots=True)
class Serving:
    """How a person wants the organization to be served.

    Attributes:
        file: The configuration file.
        ports: The port of AWS's API, and the first of DNS.
        home: The folder for keys, VPCs and commands.
        seconds: When to stop; None if only a person does.
        quiet: Whether not to print events and log lines.
        shards: The shards of the ledger's stream.
        bare: Whether nothing of orgdns is deployed yet.
    """

    file: Path
    ports: tuple[int, int]
    home: Path
    seconds: float | None
    quiet: bool
    shards: int
    bare: bool


def serve(config: Config, how: Serving, console: Console) -> None:
    """Keep the organization up until its time is over, or the main thread is interrupted.

    Raises:
        CannotStart: if a person must change something first.
        FunctionsStopped: if the functions no longer run.
    """
    port, dns_port = how.ports
    lock, over = threading.Lock(), threading.Event()
    with closing(_listener(port)) as listener, ExitStack() as stack:
        console.print("Building the organization. This takes some ten seconds.")
        made = stack.enter_context(
            world(config, RealClock(), organization_for(config), shards=how.shards, deployed=not how.bare)
        )
        stack.enter_context(replaced(Polls, needed=STACK_POLLS))
        names = {account.id: account.name for account in made.organization.backend.accounts}
        profiles = {account: label_of(name).text for account, name in names.items()}
        walk = None if how.bare else walk_through(made)
        vpcs = _served_vpcs(made, profiles, dns_port)
        narrator = Narrator(made, profiles, console)

        def work() -> None:
            with lock:
                made.schedules.fire_due()
                made.functions.poll()
                changes = made.alarms.evaluate_once_a_minute()
                watch_all()
            if not how.quiet:
                narrator.report_news()
                narrator.report_alarms(changes)

        if not how.quiet:
            made.router.tamper = narrator.forwarded

        def fail(text: str) -> None:
            narrator.report("request", text, "red")

        made.schedules.dropped = partial(narrator.report, "schedule", style="red")
        stack.enter_context(answering(listener, lock, fail))
        stack.enter_context(repeating(work, over))
        endpoint = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        region = made.config.hub.region
        write_private(how.home / "vpcs.json", json.dumps([asdict(vpc) for vpc in vpcs], indent=2) + "\n")
        write_private(how.home / "config", aws_config(made, profiles, region, endpoint))
        config_file = (how.home / "config").resolve()
        if walk:
            shown = walk.commands(vpcs, profiles, config_file)
        else:
            shown = deployment_commands(config, how.file, profiles, config_file)
        write_private(how.home / "commands.sh", "\n".join(shown) + "\n")
        introduction(console, names, vpcs, shown, how.home / "commands.sh")
        console.print("\nPress Ctrl-C to stop; the organization is lost then. Events and log lines follow:")
        try:
            over.wait(how.seconds)
        except KeyboardInterrupt:
            console.print()
        with lock:
            console.print(lost(made, how.home), soft_wrap=True)


def lost(made: World, home: Path) -> str:
    """What ends with the server, in a line."""
    # Not by calls, of which each account and region would need one: whoever stops it waits.
    instances = sum(
        instance._state.name != "terminated"
        for _, _, backend in ec2_backends.iter_backends()
        for reservation in backend.reservations.values()
        for instance in reservation.instances
    )
    records = sum(len(made.owners(domain)) for domain, zone in made.zone_ids.items() if made.route53.exists(zone))
    return (
        f"Stopped. Nothing is kept: {instances} instances, {records} records, all stacks, logs and alarms are gone, "
        f"and the keys in {home / 'config'} are worthless. `make sandbox` builds a new organization."
    )


def main(  # noqa: PLR0913 - an option each
    *,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = example.CONFIG,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port of AWS's API. 0 chooses a free port.")] = 5600,
    dns_port: Annotated[
        int, typer.Option(min=0, max=65_000, help="The DNS port of the first VPC; others follow. 0 chooses free ports.")
    ] = 5300,
    home: Annotated[Path, typer.Option(help="The folder for the AWS configuration file.")] = Path(".sandbox"),
    seconds: Annotated[
        float | None, typer.Option(min=0, help="Stop after this many seconds; by default never.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not print events and log lines.")] = False,
    shards: Annotated[int, typer.Option(min=1, help="The number of shards of the ledger's stream.")] = SHARDS,
    bare: Annotated[
        bool, typer.Option("--bare", help="Deploy nothing: an organization to roll orgdns out in.")
    ] = False,
) -> None:
    """Keep a simulated organization up on loopback, for the aws command line and dig."""
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, signal.default_int_handler)
    _forget_the_shell()
    # Chosen once, because a function redirects standard output while it runs.
    console = Console(file=sys.stdout, highlight=False)
    try:
        serve(load(config), Serving(config, (port, dns_port), home, seconds, quiet, shards, bare), console)
    except KeyboardInterrupt:
        # Interrupted while starting, or for the second time: everything is already taken down.
        return
    except (CannotStart, ConfigInvalid, PackageInvalid) as unusable:
        typer.echo(str(unusable), err=True)
        raise typer.Exit(UNUSABLE) from unusable
    except FunctionsStopped as stopped:
        traceback.print_exception(stopped.__cause__)
        typer.echo(str(stopped), err=True)
        raise typer.Exit(BROKEN) from stopped


if __name__ == "__main__":
    typer.run(main)
