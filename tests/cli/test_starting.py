"""Starting the command: help, version, completion, and the libraries that these do not import."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from orgdns import __version__
from orgdns.cli.__main__ import COMMANDS, module_of
from tests.support.build import ROOT

HEAVY = {"boto3", "botocore", "pydantic", "troposphere", "yaml", "rich", "hub"}


def orgdns(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command from a clone, without credentials."""
    return subprocess.run(  # noqa: S603 - our own command
        [ROOT / "bin" / "orgdns", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": os.devnull} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), ("-h",), ("--help",)], ids=["alone", "-h", "--help"])
def test_help_names_every_command(arguments: tuple[str, ...]) -> None:
    """Without arguments or with a help option, the command prints help on standard output and exits with 0."""
    end = orgdns(*arguments)
    assert (end.returncode, end.stderr) == (0, "")
    assert end.stdout.startswith("Usage: orgdns ")
    assert [line.split()[0] for line in end.stdout.split("Commands:\n")[1].splitlines()] == list(COMMANDS)


def test_version_is_printed() -> None:
    """The version is the package's, from a clone or a wheel."""
    end = orgdns("--version")
    assert (end.returncode, end.stdout, end.stderr) == (0, f"orgdns {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    # Typer itself has pydantic check the values of options, once it has any to check.
    [(("--help",), set()), (("-h",), set()), (("--version",), {"pydantic"}), ((), {"pydantic"})],
    ids=["--help", "-h", "--version", "alone"],
)
def test_help_imports_no_heavy_library(arguments: tuple[str, ...], allowed: set[str]) -> None:
    """Only subcommands import the AWS SDK and the libraries of the configuration."""
    code = f"import sys; from orgdns.cli.__main__ import main; main({list(arguments)!r}); print(*sys.modules)"
    end = subprocess.run(  # noqa: S603 - the code is this test's own
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    imported = set(end.stdout.splitlines()[-1].split())
    assert "orgdns.cli.__main__" in imported
    assert HEAVY & imported <= allowed


@pytest.mark.some(one_in=5)
@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_of_its_own(name: str) -> None:
    """The list of commands has the first line of each subcommand's own help, unshortened."""
    end = orgdns(name, "-h")
    assert (end.returncode, end.stderr) == (0, "")
    assert end.stdout.startswith(f"Usage: orgdns {name} ")
    docstring = import_module(module_of(name)).run.__doc__
    assert docstring.splitlines()[0] == COMMANDS[name]
    assert COMMANDS[name] in " ".join(end.stdout.split())


def test_every_module_of_commands_is_registered() -> None:
    """Each module in orgdns.cli.commands and its folders with a function `run` is a subcommand."""
    paths = (ROOT / "orgdns" / "cli" / "commands").rglob("*.py")
    commands = (path for path in paths if "\ndef run(" in path.read_text())
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in commands}
    assert modules == {module_of(name) for name in COMMANDS}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), "No such command 'nothing'"),
        (("--nothing",), "No such option: --nothing"),
        (("status", "--nothing"), "No such option: --nothing"),
        (("explain",), "Missing argument 'INSTANCE|NAME|ADDRESS'"),
    ],
)
def test_wrong_command_line_is_an_error(arguments: tuple[str, ...], message: str) -> None:
    """The error is one line, with exit code 1, because 2 means that something would change."""
    end = orgdns(*arguments)
    assert (end.returncode, end.stdout) == (1, "")
    assert message in end.stderr
    assert len(end.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("orgdns ex", ["explain", "export"]),
        ("orgdns re", ["report", "resolve", "resume"]),
        ("orgdns dead-letters --re", ["--resend", "--reason", "--region"]),
        ("orgdns dead-letters --queue ev", ["events"]),
        ("orgdns --p", ["--profile"]),
        ("orgdns --profile dns-hub sta", ["status"]),
        ("orgdns --profile dns-hub status --re", ["--region"]),
    ],
)
def test_shell_completion_completes(line: str, candidates: list[str]) -> None:
    """Subcommands, options and their values are completed in the protocol of the shell's script."""
    words = len(line.split()) - 1
    end = orgdns(_ORGDNS_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(words))
    assert (sorted(end.stdout.split()), end.stderr) == (sorted(candidates), "")


def test_completion_is_shown_and_installed(tmp_path: Path) -> None:
    """The script is printed for the current shell, or written to the shell's settings."""
    for option in ("--show-completion", "--install-completion"):
        end = subprocess.run(  # noqa: S603 - our own command, below a shell that it recognizes
            ["/bin/bash", "-c", f"{ROOT / 'bin' / 'orgdns'} {option}; exit $?"],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (end.returncode, end.stderr) == (0, "")
        if option == "--show-completion":
            assert "_ORGDNS_COMPLETE=complete_bash" in end.stdout
    assert any("_ORGDNS_COMPLETE" in path.read_text() for path in tmp_path.rglob("*") if path.is_file())
