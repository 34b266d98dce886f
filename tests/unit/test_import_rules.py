"""The import rules of pyproject.toml catch a forbidden import, and require a layer for each new module."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.build import ROOT

PACKAGES = ("hub", "network", "orgdns", "spoke", "sandbox")
# Importer -> imported: an import for each rule, and those that the earlier lists of modules let pass.
FORBIDDEN = (
    ("hub.runtime.handlers", "orgdns.cli.reports.status.overview"),
    ("hub.runtime.handlers", "orgdns.cfn.queues"),
    ("hub.runtime.policy.rules", "orgdns.config.load"),
    ("hub.runtime.boundary.chunks", "hub.grants"),
    ("hub.runtime.bootstrap", "troposphere"),
    ("hub.runtime.publisher.batches", "hub.runtime.policy.rules"),
    ("hub.runtime.model.names", "hub.runtime.aws.sessions"),
    ("hub.runtime.sweeper.hash_set", "boto3"),
    ("hub.runtime.associator.ports", "logging"),
    ("hub.runtime.names.labels", "time"),
    ("hub.monitoring", "hub.stack"),
    ("hub.grants", "spoke.region"),
    ("hub.environment", "network.account"),
    ("hub.rollout", "orgdns.cli.render.text"),
    ("hub.event_bus", "sandbox.world"),
    ("hub.package.archive", "moto"),
    ("hub.rollout", "hub.runtime.handlers"),
    ("hub.functions.sweeper", "hub.functions.associator"),
    ("spoke.region", "hub.stack"),
    ("network.region", "spoke.account"),
    ("spoke.vpc_grants", "hub.runtime.bootstrap"),
    ("orgdns.cfn.trust", "hub.runtime.aws.sessions"),
    ("orgdns.cfn.queues", "hub.monitoring"),
    ("orgdns.cfn.rendering", "orgdns.cli.render.text"),
    ("orgdns.config.types", "orgdns.cfn.trust"),
    ("orgdns.cli.terminal", "orgdns.cfn.code"),
    ("orgdns.cli.reports.status.overview", "orgdns.deployment.stacks"),
    ("orgdns.deployment.templates", "orgdns.cli.sources.hub_account"),
    ("hub.rollout", "orgdns.deployment.templates"),
    ("orgdns.cli.reports.explain.claims", "boto3"),
    ("orgdns.cli.commands.plan", "orgdns.cli.commands.status"),
    ("orgdns.cli.commands.offline.cases", "orgdns.cli.commands.offline.trial"),
    ("orgdns.config.load", "orgdns.trial.given"),
    ("orgdns.cli.terminal", "orgdns.cli.commands.plan"),
    ("orgdns.cli.reports.plan.changes", "orgdns.cli.sources.snapshot"),
    ("orgdns.cli.sources.lookup", "hub.runtime.handlers"),
    ("orgdns.cli.render.text", "sandbox.narration"),
    ("sandbox.clock", "sandbox.world"),
    ("sandbox.aws.route53.rules", "moto"),
)
# Importer -> imported, where layers would say no more than that nothing goes round in circles.
CIRCLES = (
    ("orgdns.config.errors", "orgdns.config.load"),
    ("sandbox.aws.bridge", "sandbox.aws.route53.bridge"),
)
# A new module of these folders needs a layer.
UNPLACED = ("hub.unplaced", "hub.runtime.unplaced", "orgdns.cli.unplaced", "sandbox.unplaced")


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the import rules say of a copy of the tree with all these faults."""
    tree = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    for importer, imported in FORBIDDEN + CIRCLES:
        with path_of(tree, importer).open("a") as module:
            module.write(f"\nimport {imported}\n")
    for module_name in UNPLACED:
        path_of(tree, module_name).write_text('"""Not placed in any layer."""\n')
    return lint(tree)


def path_of(tree: Path, module: str) -> Path:
    return tree / f"{module.replace('.', '/')}.py"


def lint(tree: Path) -> str:
    """What import-linter prints of a tree, in one line."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    end = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)  # noqa: S603 - as locked
    return " ".join((end.stdout + end.stderr).split())


@pytest.mark.parametrize(("importer", "imported"), FORBIDDEN)
def test_forbidden_import_is_caught(complaints: str, importer: str, imported: str) -> None:
    """Each of the imports is reported at the place where it stands."""
    line = f"{re.escape(importer)} -> {re.escape(imported)} \\(l\\.\\d+"
    assert re.search(line, complaints), complaints


@pytest.mark.parametrize(("importer", "imported"), CIRCLES)
def test_circle_is_caught(complaints: str, importer: str, imported: str) -> None:
    """An import that closes a circle is reported with the two packages that it stands between."""
    package, name, other = re.match(r"(.+)\.(\w+) \1\.(\w+)", f"{importer} {imported}").groups()  # type: ignore[union-attr]
    cycle = rf"cycles are allowed in {re.escape(package)}\..*? - \.{name} -> \.{other} \(1 import\)"
    assert re.search(cycle, complaints), complaints


@pytest.mark.parametrize("module", UNPLACED)
def test_new_module_needs_a_place(complaints: str, module: str) -> None:
    """A module that no layer names is reported, so that the rules cover it from its first day."""
    assert re.search(rf"not listed as layers:(?: - [\w.]+)* - {re.escape(module)}\b", complaints), complaints


def test_tree_keeps_the_rules() -> None:
    """The tree follows all of the rules."""
    assert re.search(r"Contracts: \d+ kept, 0 broken", lint(ROOT))


def test_rules_name_packages() -> None:
    """The rules stay few: they name at most 74 packages and modules of the project."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named: set[str] = set()
    for rule in rules:
        (container,) = rule.get("containers", [""])
        layers = [name.strip() for layer in rule.get("layers", []) for name in re.split("[|:]", layer)]
        named |= {f"{container}.{name}".strip(".") for name in layers}
        for key in (
            "modules",
            "source_modules",
            "forbidden_modules",
            "protected_modules",
            "allowed_importers",
            "ancestors",
        ):
            named |= set(rule.get(key, []))
        named |= {name.strip() for ignored in rule.get("ignore_imports", []) for name in ignored.split("->")}
    ours = {name.removesuffix(".**") for name in named if name.split(".")[0] in PACKAGES}
    assert len(ours) <= 74, sorted(ours)
