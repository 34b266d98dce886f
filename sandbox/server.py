"""Keeps a simulated organization up on loopback: AWS's API for the `aws` command line, and DNS as each VPC sees it."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import traceback
from configparser import ConfigParser
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from hub.package import PackageInvalid
from hub.runtime.names.labels import label_of
from orgdns.config.load import Config, ConfigInvalid, load
from sandbox import example
from sandbox.api_server import answering
from sandbox.aws.functions.streams import SHARDS
from sandbox.aws.resolution.server import LOOPBACK
from sandbox.clock import RealClock
from sandbox.narration import Narrator, ServedVpc, commands, introduction
from sandbox.world import World, world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sandbox.aws.organization import OrganizationSpec

# How often the functions poll their sources. In AWS their mappings wait a second or more for a batch to fill:
# "Batching behavior" (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html).
POLL_SECONDS: Final = 0.5
BROKEN, UNUSABLE = 1, 2


class CannotStart(Exception):
    """The sandbox cannot start until a person changes something. The message says what."""


class FunctionsStopped(Exception):
    """The functions no longer run, so no event would be handled any more."""


def misfits(config: Config, spec: OrganizationSpec = example.ORGANIZATION) -> tuple[str, ...]:
    """What the configuration names but the simulated organization does not have, one line for each."""
    members = {account.id for unit in spec.units for account in unit.accounts}
    units = {spec.root_id, *(unit.id for unit in spec.units)}
    named: list[tuple[str, Iterable[str], Iterable[str]]] = [
        ("organization.id", [config.organization.id], [spec.id]),
        ("organization.management_account", [config.organization.management_account], [spec.management_account]),
        ("organization.units", config.organization.units, units),
        ("hub.account", [config.hub.account], members),
        ("network.account", [config.network.account], members),
        *(
            (f"policy.rules[{index}].accounts", rule.accounts or (), members | {spec.management_account})
            for index, rule in enumerate(config.policy.rules)
        ),
    ]
    return tuple(
        f"{place}: {value!r} is not in the simulated organization, which has {', '.join(sorted(existing))}"
        for place, values, existing in named
        for value in values
        if value not in existing
    )


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


def _aws_config(made: World, profiles: Mapping[str, str], region: str, endpoint: str) -> str:
    """An AWS configuration file with a profile for each account, with an administrator's key.

    "Configuration and credential file settings in the AWS CLI"
    (https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html).
    """
    parser = ConfigParser(interpolation=None)
    for account, profile in profiles.items():
        key_id, secret = made.access_key(account)
        parser[f"profile {profile}"] = {
            "region": region,
            "endpoint_url": endpoint,
            "aws_access_key_id": key_id,
            "aws_secret_access_key": secret,
            "cli_pager": "",
        }
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, like the AWS command line's own files.

    The file is a new one, which takes the place of what was there: nobody has it open, and a link is not followed.

    Raises:
        CannotStart: if the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError as fault:
        raise CannotStart(f"{path}: {fault.strerror}; choose another folder with --home") from fault


def serve(
    config: Config,
    *,
    ports: tuple[int, int],
    home: Path,
    seconds: float | None,
    quiet: bool,
    console: Console,
    shards: int,
) -> None:
    """Keep the organization up for this many seconds, or until the main thread is interrupted.

    The ports are that of AWS's API, and the first of DNS.

    Raises:
        CannotStart: if a person must change something first.
        FunctionsStopped: if the functions no longer run.
    """
    if unfit := misfits(config):
        raise CannotStart("\n".join(unfit))
    port, dns_port = ports
    lock, over = threading.Lock(), threading.Event()
    with closing(_listener(port)) as listener, ExitStack() as stack:
        console.print("Building the organization. This takes some ten seconds.")
        made = stack.enter_context(world(config, RealClock(), shards=shards))
        regions = config.spokes.regions
        region = config.hub.region if config.hub.region in regions else regions[0]
        made.add_vpc(example.PAYMENTS, region, associated=False)
        names = {account.id: account.name for account in made.organization.backend.accounts}
        profiles = {account: label_of(name).text for account, name in names.items()}
        vpcs = _served_vpcs(made, profiles, dns_port)
        narrator = Narrator(made, profiles, console)

        def work() -> None:
            with lock:
                made.schedules.fire_due()
                made.functions.poll()
                changes = made.alarms.evaluate_once_a_minute()
            if not quiet:
                narrator.report_news()
                narrator.report_alarms(changes)

        if not quiet:
            made.router.tamper = narrator.forwarded

        def fail(text: str) -> None:
            narrator.report("request", text, "red")

        made.schedules.dropped = partial(narrator.report, "schedule", style="red")
        stack.enter_context(answering(listener, lock, fail))
        stack.enter_context(repeating(work, over))
        endpoint = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        write_private(home / "vpcs.json", json.dumps([asdict(vpc) for vpc in vpcs], indent=2) + "\n")
        write_private(home / "config", _aws_config(made, profiles, region, endpoint))
        introduction(
            console,
            names,
            vpcs,
            commands(
                vpcs,
                made.zone_ids,
                profiles[config.network.account],
                (profiles[config.hub.account], config.hub.region),
                (home / "config").resolve(),
            ),
        )
        console.print("\nPress Ctrl-C to stop. Events and log lines follow as they happen:")
        try:
            over.wait(seconds)
        except KeyboardInterrupt:
            console.print("Stopping.")


def main(
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
) -> None:
    """Keep a simulated organization up on loopback, for the aws command line and dig."""
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, signal.default_int_handler)
    _forget_the_shell()
    # Chosen once, because a function redirects standard output while it runs.
    console = Console(file=sys.stdout, highlight=False)
    try:
        serve(
            load(config),
            ports=(port, dns_port),
            home=home,
            seconds=seconds,
            quiet=quiet,
            console=console,
            shards=shards,
        )
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
