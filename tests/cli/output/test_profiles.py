"""The profile and the region that a command uses: before the subcommand, after it, or from the environment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orgdns.cli.__main__ import COMMANDS
from tests.support.cli.command import DEPLOYING, OFFLINE, REGION, Command

# What each subcommand needs besides the profile; a command that reads a file reads it first.
NEEDED = {
    "explain": ("web.corp.internal",),
    "plan": ("--config", "orgdns.yaml"),
    "export": ("--format", "csv"),
    "history": ("10.7.0.4",),
    "whois": ("10.7.0.4",),
    "resolve": ("web.corp.internal", "--vpc", "vpc-0a1b2c3d4e5f60718"),
    "pause": ("--reason", "a test"),
    "sweep": (f"444444444444/{REGION}",),
    "build": ("orgdns.yaml",),
    "test": ("orgdns.yaml", "orgdns.cases.yaml"),
    "try": ("orgdns.yaml", "--account", "444444444444"),
    "validate": ("orgdns.yaml",),
}


@pytest.fixture
def profiles(command: Command, tmp_path: Path) -> Command:
    """The command without credentials in the environment, and with two profiles, one of which has a wrong region."""
    environment = dict(command.environment)
    keys = f"aws_access_key_id = {environment.pop('AWS_ACCESS_KEY_ID')}\n"
    keys += f"aws_secret_access_key = {environment.pop('AWS_SECRET_ACCESS_KEY')}\n"
    del environment["AWS_REGION"]
    config = tmp_path / "config"
    config.write_text(
        f"[profile dns-hub]\nregion = {REGION}\n{keys}[profile elsewhere]\nregion = us-east-1\n{keys}"
        "[profile nowhere]\nregion = eu-central-1\n"
    )
    return replace(command, environment=environment | {"AWS_CONFIG_FILE": str(config)})


@pytest.mark.parametrize(
    "arguments",
    [
        ("--profile", "dns-hub", "resume"),
        ("resume", "--profile", "dns-hub"),
        ("--profile", "nobody", "resume", "--profile", "dns-hub"),
        ("--profile", "elsewhere", "resume", "--region", REGION),
        ("--profile", "elsewhere", "--region", "us-east-1", "resume", "--region", REGION),
        ("--region", REGION, "resume", "--profile", "elsewhere"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize(
    "environment",
    [{}, {"AWS_PROFILE": "nobody"}, {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}],
    ids=lambda environment: "+".join(environment) or "alone",
)
def test_after_the_subcommand_wins_over_before_it(
    profiles: Command, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    """Both win over the environment: over another profile, and over keys."""
    asked = replace(profiles, environment=profiles.environment | environment)
    assert asked(*arguments).stderr == ""


def test_region_of_the_environment_loses(profiles: Command) -> None:
    """AWS_REGION decides over the profile's region, as it does for the AWS CLI, and --region over both."""
    assert "in us-east-1" in profiles("resume", "--profile", "dns-hub", code=1, AWS_REGION="us-east-1").stderr
    for arguments in (("--region", REGION, "resume"), ("resume", "--region", REGION)):
        profiles("--profile", "dns-hub", *arguments, code=0, AWS_REGION="us-east-1")
    profiles("resume", code=0, AWS_PROFILE="dns-hub")


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in OFFLINE | DEPLOYING])
def test_unknown_profile_is_an_error_of_each_command(profiles: Command, name: str) -> None:
    """The error is a line with the profiles that exist, wherever the option stands."""
    folder = profiles.folder
    (folder / "orgdns.yaml").write_text((Path(__file__).parents[3] / "orgdns.example.yaml").read_text())
    for arguments in (("--profile", "nobody", name), (name, "--profile", "nobody")):
        end = profiles(*arguments, *NEEDED.get(name, ()), code=1)
        assert end.stdout == ""
        last = end.stderr.splitlines()[-1]
        assert last == "orgdns: the AWS profile nobody does not exist: there are dns-hub, elsewhere, nowhere"


def test_profile_without_credentials_is_an_error(profiles: Command) -> None:
    """It is a line, too, and so is an unknown profile without any file of profiles."""
    assert "Unable to locate credentials" in profiles("resume", "--profile", "nowhere", code=1).stderr
    end = profiles(
        "resume", "--profile", "x", code=1, AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null"
    )
    assert end.stderr == "orgdns: the AWS profile x does not exist: the AWS configuration files have no profiles\n"


@pytest.mark.parametrize("name", sorted(OFFLINE | DEPLOYING))
def test_profile_of_the_hub_is_an_error_where_none_is_used(profiles: Command, name: str) -> None:
    """It is not ignored: these commands need no credentials, or those of several accounts."""
    end = profiles("--profile", "dns-hub", name, *NEEDED.get(name, ()), code=1)
    assert end.stderr == f"orgdns: orgdns {name} has no option --profile (see orgdns --help)\n"
