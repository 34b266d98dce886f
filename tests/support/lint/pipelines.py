"""The examples of pipelines: their schemas, and their shell scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import yaml

from tests.support.build import ROOT

Json = dict[str, Any]
WORKFLOW: Final = ROOT / "examples/github-actions/orgdns.yaml"
BUILDSPEC: Final = ROOT / "examples/codebuild/buildspec.yml"
# Commands of orgdns, up to what the shell does with their output.
_COMMAND: Final = re.compile(r"^\s*(?:run: |- )?orgdns ([^|>&\n]+)", re.MULTILINE)

_TEXT: Final = {"type": "string", "minLength": 1}
_TEXTS: Final = {"type": "array", "items": _TEXT, "minItems": 1}


def _object(required: str, properties: Mapping[str, object]) -> Json:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required.split(),
        "additionalProperties": False,
    }


_VALUES: Final = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
_PERMISSIONS: Final = {"type": "object", "additionalProperties": {"enum": ["read", "write", "none"]}}
_PATHS: Final = _object("", {"paths": _TEXTS, "branches": _TEXTS})
_STEP: Final = _object(
    "", {"id": _TEXT, "name": _TEXT, "uses": _TEXT, "run": _TEXT, "env": _VALUES, "with": _VALUES, "if": _TEXT}
) | {"oneOf": [{"required": ["uses"]}, {"required": ["run"]}]}
_JOB: Final = _object(
    "name runs-on timeout-minutes permissions steps",
    {
        "name": _TEXT,
        "needs": _TEXT,
        "if": _TEXT,
        "runs-on": {"type": "string", "pattern": r"^ubuntu-\d+\.\d+$"},
        "timeout-minutes": {"type": "integer", "minimum": 1},
        "environment": _TEXT,
        "permissions": _PERMISSIONS,
        "outputs": _VALUES,
        "steps": {"type": "array", "items": _STEP, "minItems": 1},
    },
)
WORKFLOW_SCHEMA: Final = _object(
    "name on permissions concurrency jobs",
    {
        "name": _TEXT,
        "on": _object("pull_request push", {"pull_request": _PATHS, "push": _PATHS}),
        "permissions": _PERMISSIONS,
        "concurrency": _object("group cancel-in-progress", {"group": _TEXT, "cancel-in-progress": _TEXT}),
        "env": _VALUES,
        "jobs": {"type": "object", "additionalProperties": _JOB},
    },
)
"""What the workflow uses of "Workflow syntax for GitHub Actions"
(https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax), and nothing else."""

_PHASE: Final = _object(
    "commands", {"runtime-versions": _VALUES, "commands": _TEXTS, "on-failure": {"enum": ["ABORT", "CONTINUE"]}}
)
BUILDSPEC_SCHEMA: Final = _object(
    "version env phases artifacts",
    {
        "version": {"const": 0.2},
        "env": _object("shell variables", {"shell": {"enum": ["bash"]}, "variables": _VALUES}),
        "phases": _object("install pre_build build", {"install": _PHASE, "pre_build": _PHASE, "build": _PHASE}),
        "artifacts": _object("files", {"files": _TEXTS}),
    },
)
"""What the buildspec uses of "Build specification reference for CodeBuild"
(https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html), and nothing else."""


@cache
def workflow() -> Json:
    """The workflow. YAML 1.1 reads its key `on` as true."""
    content: dict[object, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return {"on" if key is True else str(key): value for key, value in content.items()}


@cache
def buildspec() -> Json:
    """The buildspec."""
    content: Json = yaml.safe_load(BUILDSPEC.read_text(encoding="utf-8"))
    return content


def steps() -> Iterator[tuple[str, Json]]:
    """Each step of the workflow with the name of its job."""
    for name, job in workflow()["jobs"].items():
        for step in job["steps"]:
            yield name, step


def workflow_scripts() -> list[str]:
    """All shell scripts of the workflow."""
    return [step["run"] for _, step in steps() if "run" in step]


def buildspec_scripts() -> list[str]:
    """All shell scripts of the buildspec."""
    return [command for phase in buildspec()["phases"].values() for command in phase["commands"]]


def commands(scripts: Iterable[str]) -> list[list[str]]:
    """The arguments of each call of orgdns in scripts, each call once."""
    found = {each.strip() for script in scripts for each in _COMMAND.findall(script)}
    return [each.split() for each in sorted(found)]
