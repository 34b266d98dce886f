"""`orgdns init`, as it runs: with answers on standard input, or with options."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from orgdns.cli.__main__ import main
from orgdns.config.load import load

OPTIONS = [
    *("--organization", "o-a1b2c3d4e5", "--management-account", "111111111111", "--units", "ou-ab12-workload"),
    *("--hub-account", "222222222222", "--hub-region", "eu-west-1", "--network-account", "333333333333"),
    *("--zones", "corp.internal=Z0123456789ABC"),
]


def typed(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{answer}\n" for answer in answers)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orgdns.yaml"


def test_questions_are_asked_until_the_answers_are_right(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong answer is explained and asked again, an empty one takes the default, and the file loads."""
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    typed(
        monkeypatch,
        *("o-1", "o-a1b2c3d4e5", "111111111111", "ou-ab12-workload", "222222222222", "", "333333333333", ""),
        *("corp.internal", "corp.internal=Z0123456789ABC", "", ""),
    )
    assert main(["init", str(file)]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"Wrote {file}.")
    assert "'o-1' is not an organization id" in printed.err
    assert "write DOMAIN=ZONE_ID" in printed.err
    assert "Region of the hub, such as eu-central-1 [eu-west-1]: " in printed.err
    assert "Names: unique" in printed.err
    assert "short names, and share" not in printed.err
    assert load(file).hub.region == "eu-west-1"


def test_options_answer_without_questions(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --no-input, nothing is asked: what is left out has its default."""
    assert main(["init", str(file), "--no-input", *OPTIONS]) == 0
    assert capsys.readouterr().err == ""
    assert load(file).spokes.regions == ["eu-west-1"]


def test_missing_options_are_all_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written, and each missing or wrong option is a line."""
    assert main(["init", str(file), "--no-input", *OPTIONS[4:], "--names", "x"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["--organization", "--management-account", "--names:"]
    assert not file.exists()


def test_wrong_option_is_reported_before_the_first_question(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody answers ten questions in vain."""
    typed(monkeypatch)
    assert main(["init", str(file), "--hub-account", "2"]) == 1
    assert capsys.readouterr().err == "--hub-account: '2' is not an account id: 12 digits\n"


def test_end_of_the_answers_names_what_is_missing(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipeline that forgot --no-input does not wait, and learns which options it needs."""
    typed(monkeypatch)
    assert main(["init", str(file), *OPTIONS[2:]]) == 1
    assert "--organization is missing: Id of the AWS Organization" in capsys.readouterr().err


def test_file_is_overwritten_only_with_force(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration that exists is somebody's work."""
    file.write_text("mine")
    assert main(["init", str(file), "--no-input", *OPTIONS]) == 1
    assert "exists: choose another file, or overwrite it with --force" in capsys.readouterr().err
    assert file.read_text() == "mine"
    assert main(["init", str(file), "--no-input", "--force", *OPTIONS]) == 0
    assert load(file).hub.account == "222222222222"


def test_file_that_cannot_be_written_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is no stack trace."""
    assert main(["init", str(tmp_path / "no" / "orgdns.yaml"), "--no-input", *OPTIONS]) == 1
    assert "cannot be written" in capsys.readouterr().err
