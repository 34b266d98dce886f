"""The examples of pipelines are well formed, give no more away than they must, and call orgdns as it is."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest

from orgdns.cli.__main__ import command
from tests.support.build import ROOT
from tests.support.lint.pipelines import (
    BUILDSPEC_SCHEMA,
    WORKFLOW,
    WORKFLOW_SCHEMA,
    buildspec,
    buildspec_scripts,
    commands,
    steps,
    workflow,
    workflow_scripts,
)
from tests.support.lint.templates import contents

# An action, the commit that its version is, and the version for people.
PINNED = re.compile(r"^\s*(?:- )?uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
SCRIPTS = [*workflow_scripts(), *buildspec_scripts()]
EXAMPLES = sorted(path for path in (ROOT / "examples").rglob("*") if path.is_file())


def test_workflow_has_only_known_keys() -> None:
    """A misspelt key, which GitHub would refuse or ignore, is found here."""
    jsonschema.validate(workflow(), WORKFLOW_SCHEMA)


def test_buildspec_has_only_known_keys() -> None:
    """A misspelt key, which CodeBuild would refuse or ignore, is found here."""
    jsonschema.validate(buildspec(), BUILDSPEC_SCHEMA)


def test_each_action_is_pinned_to_a_commit() -> None:
    """Nobody can change what a tag means: the commit is named, and the version for people."""
    lines = [line for line in WORKFLOW.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not PINNED.match(line)] == []
    # One version of each.
    assert len({line.split("@")[1] for line in lines}) == len({line.split("@")[0] for line in lines})


def test_jobs_have_no_more_permissions_than_they_need() -> None:
    """Nothing is granted to all jobs. Only the job without code of the pull request may write to it."""
    jobs = workflow()["jobs"]
    assert workflow()["permissions"] == {}
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "check": {"contents": "read"},
        "plan": {"contents": "read", "id-token": "write"},
        "comment": {"pull-requests": "write"},
        "save": {"contents": "read", "id-token": "write"},
        "deploy": {"contents": "read", "id-token": "write"},
    }
    writers = {name for name, job in jobs.items() if "pull-requests" in job["permissions"]}
    assert [step for name, step in steps() if name in writers and "uses" in step] == []


def test_a_fork_gets_no_role() -> None:
    """A job with a token for AWS runs for branches of the repository only, or for its main branch."""
    assert set(workflow()["on"]) == {"pull_request", "push"}
    guards = {name: job.get("if", "") for name, job in workflow()["jobs"].items() if "id-token" in job["permissions"]}
    assert "github.event.pull_request.head.repo.full_name == github.repository" in guards["plan"]
    assert guards["save"] == "github.event_name == 'push'"
    deploy = workflow()["jobs"]["deploy"]
    assert deploy["needs"] == "save"
    assert deploy["environment"]


def test_no_long_lived_secret() -> None:
    """Neither pipeline has an access key, or any other secret."""
    for path in EXAMPLES:
        assert not re.search(
            r"secrets\.|aws[_-](secret[_-])?access[_-]key", path.read_text(encoding="utf-8"), re.IGNORECASE
        )


def test_no_expression_in_a_script() -> None:
    """What somebody wrote into a title or a branch's name is a variable, and never a part of a script."""
    assert [script for script in SCRIPTS if "${{" in script] == []
    assert [step for _, step in steps() if str(step.get("uses")).startswith("actions/checkout@")]
    for _, step in steps():
        if str(step.get("uses")).startswith("actions/checkout@"):
            assert step["with"] == {"persist-credentials": False}


def test_deployments_do_not_overlap() -> None:
    """One at a time, and a new commit does not cancel a deployment."""
    concurrency = workflow()["concurrency"]
    assert "'deploy'" in concurrency["group"]
    assert concurrency["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_valid(script: str) -> None:
    """Bash can read each of them."""
    read = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)  # noqa: S607 - as a shell finds it
    assert (read.returncode, read.stderr) == (0, "")


@pytest.mark.parametrize("arguments", commands(SCRIPTS), ids=" ".join)
def test_each_command_is_accepted(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command exists, and so does each of its options."""
    for name in ("orgdns.yaml", "cases.yaml", "orgdns.plan"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    name, *rest = arguments
    assert command().commands[name].make_context(name, rest).info_name == name


def test_both_pipelines_do_the_same() -> None:
    """They validate, test, plan, and deploy a plan that was saved. In the workflow, a person reads it before."""
    shared = {"validate orgdns.yaml", "test orgdns.yaml cases.yaml", "deploy --plan --config orgdns.yaml", "doctor"}
    saved = {"deploy --config orgdns.yaml --save orgdns.plan", "deploy --config orgdns.yaml --saved orgdns.plan"}
    called = [{" ".join(each) for each in commands(scripts)} for scripts in (workflow_scripts(), buildspec_scripts())]
    assert called == [shared | saved] * 2


def test_trust_of_the_roles() -> None:
    """The trust policy names one repository, what of it may have the role, and whom the token is for."""
    document = json.loads((ROOT / "examples/github-actions/trust.json").read_text(encoding="utf-8"))
    (statement,) = document["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    provider = statement["Principal"]["Federated"].rpartition("oidc-provider/")[2]
    environment = workflow()["jobs"]["deploy"]["environment"]
    assert statement["Condition"] == {
        "StringEquals": {
            f"{provider}:aud": "sts.amazonaws.com",
            f"{provider}:sub": f"repo:ORGANIZATION/REPOSITORY:environment:{environment}",
        }
    }


def test_terraform_names_what_exists() -> None:
    """Parameters of the stacks, and names of SSM parameters, are those of the templates."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "examples/terraform").glob("*.tf")}
    example = {name: content for name, content in contents().items() if name.startswith("example/")}
    known = {name for content in example.values() for name in content.get("Parameters", {})}
    given = set(re.findall(r"^    (Code\w+|CloudTrail\w+) +=", texts["main.tf"], re.MULTILINE))
    assert given == {"CodeBucket", "CodeKey", "CodeSha256", "CloudTrailEvents"}
    assert given <= known
    needed = {
        name
        for stack in ("network", "hub", "rollout")
        for name, parameter in example[f"example/{stack}.json"].get("Parameters", {}).items()
        if "Default" not in parameter
    }
    outputs = {name for content in example.values() for name in content["Outputs"]}
    assert needed - given - outputs == set()
    parameters = {
        resource["Properties"]["Name"]
        for content in example.values()
        for resource in content["Resources"].values()
        if resource["Type"] == "AWS::SSM::Parameter"
    }
    read = {name for text in texts.values() for name in re.findall(r'"(/orgdns/[^"]+)"', text)}
    assert read
    assert read <= parameters
