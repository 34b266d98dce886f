"""How often a command calls the hub account."""

from __future__ import annotations

import pytest

from hub.runtime.installation import Names
from orgdns.cli.__main__ import main
from orgdns.cli.sources import hub
from orgdns.cli.sources.deployed import Deployed, deployed
from sandbox.example import CONFIG, HUB, PAYMENTS, SEARCH
from sandbox.world import World

REGION = "eu-central-1"


@pytest.fixture
def lookups(made: World, monkeypatch: pytest.MonkeyPatch) -> list[Deployed]:
    """The results of looking the hub up, one for each time."""
    found: list[Deployed] = []

    def counted(client: object, names: Names) -> Deployed:
        found.append(deployed(client, names))  # type: ignore[arg-type]  # the client that the command made
        return found[-1]

    monkeypatch.setattr(hub, "deployed", counted)
    key_id, secret = made.access_key(HUB)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_REGION", REGION)
    return found


@pytest.mark.parametrize(
    "command",
    [
        "explain web.corp.internal",
        f"plan --config {CONFIG}",
        "status",
        "coverage",
        "resolve web.corp.internal --vpc VPC",
        "approve --all-pending",
        "sweep",
        "resume",
    ],
)
def test_hub_is_looked_up_once(made: World, lookups: list[Deployed], command: str) -> None:
    """A command reads the zone ids and the table name once, whatever else it reads."""
    made.launch(PAYMENTS, REGION, "web")
    made.converge()
    main(command.replace("VPC", made.vpcs[SEARCH, REGION].id).split())
    assert len(lookups) == 1


def test_audit_needs_only_the_queue(lookups: list[Deployed]) -> None:
    """A command that needs nothing of the hub does not look it up."""
    assert main(["audit"]) == 0
    assert lookups == []
