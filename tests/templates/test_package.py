from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path

import pytest

from hub.package import LOCK, Package, PackageInvalid, package
from hub.runtime.policy.compiled import from_json
from tests.support.build import ROOT, example_policy


@pytest.fixture(scope="module")
def built() -> Package:
    return package(example_policy())


@pytest.fixture(scope="module")
def unzipped(built: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(io.BytesIO(built.content)) as archive:
        archive.extractall(folder)
    return folder


def run_alone(code: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a Python that sees only its standard library and these folders."""
    setup = f"import sys; sys.path[:0] = {[str(path) for path in paths]!r}\n"
    return subprocess.run(  # noqa: S603 - the code is this test's own
        [sys.executable, "-I", "-S", "-c", setup + code], capture_output=True, text=True, check=False
    )


def test_same_input_makes_the_same_bytes(built: Package) -> None:
    """Built in another process, with another hash seed, the package is the same to the byte."""
    code = (
        "from hub.package import package; from orgdns.config.load import load; from pathlib import Path\n"
        f"print(package(load(Path({str(ROOT / 'orgdns.example.yaml')!r})).compiled_policy()).sha256)"
    )
    other = subprocess.run(  # noqa: S603 - as above
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env={"PYTHONHASHSEED": "7"}
    )
    assert other.stdout.strip() == built.sha256


def test_another_policy_is_another_package(built: Package) -> None:
    """A change of policy is a change of code, with a key of its own."""
    policy = example_policy()
    other = package(replace(policy, rules=policy.rules[:1]))
    assert other.key != built.key


def test_package_is_small(built: Package) -> None:
    """Under 2 MB, so that a cold start has little to fetch."""
    assert len(built.content) < 2_000_000


def test_package_carries_the_policy(unzipped: Path) -> None:
    """The policy that the runtime loads is the one that was compiled."""
    assert from_json((unzipped / "hub/runtime/policy.json").read_text()) == example_policy()


def test_package_holds_the_runtime_alone(unzipped: Path) -> None:
    """Nothing of the stacks, the sandbox or the tests travels."""
    assert {path.name for path in (unzipped / "hub").iterdir()} == {"__init__.py", "runtime"}
    tops = {path.name for path in unzipped.iterdir() if not path.name.endswith(".dist-info")}
    assert tops == {"hub", "aws_lambda_powertools", "idna", "typing_extensions.py"}
    assert not list(unzipped.rglob("*.pyc"))


def test_tables_of_international_names_are_not_loaded_before_one_comes(unzipped: Path) -> None:
    """The large tables of IDNA and Unicode cost no cold start; a name that needs them finds them in the package."""
    code = (
        "from hub.runtime.names.labels import label_of\n"
        "assert label_of('Web 1').text == 'web-1' and not {'idna', 'unicodedata'} & set(sys.modules)\n"
        "print(label_of('M\\xfcnchen').text, sys.modules['idna'].__file__)"
    )
    run = run_alone(code, unzipped)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"xn--mnchen-3ya {unzipped}")


def test_package_runs_with_what_lambda_gives_it(unzipped: Path, tmp_path: Path) -> None:
    """With boto3 beside it, as in Lambda, the package imports; nothing of the repository's environment is needed."""
    lambdas_own = tmp_path / "runtime"
    lambdas_own.mkdir()
    for name in ("boto3", "botocore", "jmespath", "s3transfer", "urllib3", "dateutil", "six"):
        for file in distribution("python-dateutil" if name == "dateutil" else name).files or ():
            if file.parts[0] in {name, f"{name}.py"} and "__pycache__" not in file.parts and file.suffix != ".json":
                target = lambdas_own / file.as_posix()
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(Path(str(file.locate())))
    done = run_alone(
        "import hub.runtime.handlers as h; print(h.observer.__name__, h.publisher.__name__)\n"
        "assert not {'troposphere', 'awacs', 'moto', 'pydantic', 'yaml', 'typer', 'rich'} & set(sys.modules)",
        unzipped,
        lambdas_own,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["observer", "publisher"]


def test_package_without_boto3_does_not_import(unzipped: Path) -> None:
    """The check above can fail: boto3 really comes from outside the package."""
    assert "No module named 'boto3'" in run_alone("import hub.runtime.bootstrap", unzipped).stderr


def test_environment_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    """A library of another version than the locked one never gets into the package."""
    lock = tmp_path / "package.txt"
    lock.write_text(LOCK.read_text().replace("typing-extensions==", "typing-extensions==0."))
    with pytest.raises(PackageInvalid, match="run 'make install'"):
        package(example_policy(), lock)


def test_compiled_code_of_one_platform_is_refused(tmp_path: Path) -> None:
    """A library that is not pure Python would not run on arm64."""
    lock = tmp_path / "package.txt"
    lock.write_text(f"pyyaml=={distribution('pyyaml').version}\n")
    with pytest.raises(PackageInvalid, match="not pure Python"):
        package(example_policy(), lock)
