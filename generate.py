"""Write templates/ from the configuration file, or check that they are up to date.

Also write the service control policy that protects the spokes, which somebody with access to the management account may
attach, the policies of whoever deploys, and what depends on the code only: the JSON Schemas of the configuration file
and of the files with cases, the table of rule keys in docs/policy.md, and the tables of docs/metrics.md and
docs/logs.md.
"""

from pathlib import Path
from typing import Annotated

import typer

from orgdns.cfn.kms.key_policies import FILE as KEY_POLICIES
from orgdns.cfn.kms.key_policies import key_policies, key_policies_text
from orgdns.cfn.rendering import Form
from orgdns.config.json_schema import schema_text
from orgdns.config.load import Config, ConfigInvalid, load
from orgdns.config.reference import with_rule_keys
from orgdns.deployment.permissions.policies import deployer_policies
from orgdns.deployment.templates import templates
from orgdns.reference.logs.page import with_messages
from orgdns.reference.metrics.page import with_metrics
from orgdns.trial.sections import CasesFile
from spoke.scp import FILE, scp_text

OUT_OF_DATE = 1
CONFIG_FAULTY = 2
# The schema of files with cases, beside that of the configuration file.
CASES_SCHEMA = "orgdns.cases.schema.json"
EXAMPLE = Path(__file__).resolve().parent / "orgdns.example.yaml"
# The pages with tables that are written from code.
PAGES = {"policy.md": with_rule_keys, "metrics.md": with_metrics, "logs.md": with_messages}


def out_of_date(directory: Path, expected: dict[str, str], form: Form) -> list[str]:
    """The problems with a directory of templates, one line for each file."""
    other = Form.JSON if form is Form.YAML else Form.YAML
    problems = []
    # Generated only if VPCs resolve zones through a Profile.
    leftover = directory / f"network-region.{form}"
    if leftover.exists() and leftover.name not in expected:
        problems.append(f"{leftover}: no zone is resolved by profile: delete it")
    for name, content in expected.items():
        path = directory / name
        problems += differences(path, content)
        leftover = path.with_suffix(f".{other}")
        if leftover.exists():
            problems.append(f"{leftover}: is left over from --format {other}: delete it")
    return problems


def unneeded_key_policies(directory: Path, config: Config) -> list[str]:
    """The problem with statements for keys that the configuration does not name, if the directory has some."""
    leftover = directory / KEY_POLICIES
    needed = key_policies(config) or not leftover.exists()
    return [] if needed else [f"{leftover}: the configuration names no keys: delete it"]


def unneeded_policies(directory: Path, policies: dict[str, str]) -> list[str]:
    """The problems with policies of whoever deploys that the configuration has no longer."""
    return [
        f"{path}: all statements fit in other policies: delete it"
        for path in sorted(directory.glob("deployer-*.json"))
        if path.name not in policies
    ]


def other_files(config: Config, directory: Path, policies: dict[str, str]) -> list[tuple[Path, str]]:
    """What is written beside the templates: policies, and statements for keys if there are keys."""
    keys = [(directory / KEY_POLICIES, key_policies_text(config))] if key_policies(config) else []
    of_deployers = [(directory / name, text) for name, text in policies.items()]
    return [(directory / FILE, scp_text(config)), *keys, *of_deployers]


def differences(path: Path, content: str) -> list[str]:
    """The problem with a file that should have this content, in a line."""
    if not path.is_file():
        return [f"{path}: is missing"]
    return [] if path.read_bytes() == content.encode() else [f"{path}: is out of date"]


def directory_of(config: Path) -> Path:
    """The directory of a configuration's templates, so that none overwrites the committed ones of the example."""
    return Path("templates") if config.resolve() == EXAMPLE else Path("build", "templates", config.stem)


def main(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("orgdns.example.yaml"),
    output: Annotated[
        Path | None,
        typer.Option(
            help="The directory to write the templates to. Default: templates for the example, and a directory in "
            "build/templates named after any other configuration file."
        ),
    ] = None,
    schema: Annotated[Path, typer.Option(help="The file to write the configuration's JSON Schema to.")] = Path(
        "orgdns.schema.json"
    ),
    docs: Annotated[Path, typer.Option(help="The folder of the pages to write tables in.")] = Path("docs"),
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing. Fail if a template is out of date.")] = False,
    form: Annotated[Form, typer.Option("--format", help="The format of the templates.")] = Form.YAML,
) -> None:
    """Write the CloudFormation templates of orgdns."""
    try:
        loaded = load(config)
        expected = templates(loaded, form, config.name)
        policies = deployer_policies(loaded, expected)
    except ConfigInvalid as invalid:
        typer.echo(str(invalid), err=True)
        raise typer.Exit(CONFIG_FAULTY) from invalid
    if output is None:
        output = directory_of(config)
    for warning in loaded.warnings():
        typer.echo(f"{config}: warning: {warning}", err=True)
    others = (
        *other_files(loaded, output, policies),
        (schema, schema_text()),
        (schema.with_name(CASES_SCHEMA), schema_text(CasesFile, "cases of orgdns")),
        *((docs / name, written((docs / name).read_text(encoding="utf-8"))) for name, written in PAGES.items()),
    )
    if check:
        problems = out_of_date(output, expected, form) + unneeded_key_policies(output, loaded)
        problems += unneeded_policies(output, policies)
        problems += [problem for path, content in others for problem in differences(path, content)]
        for line in problems:
            typer.echo(line, err=True)
        if problems:
            typer.echo("Run `make templates`, review the difference, and commit it.", err=True)
            raise typer.Exit(OUT_OF_DATE)
        return
    output.mkdir(parents=True, exist_ok=True)
    for name, content in expected.items():
        (output / name).write_bytes(content.encode())
        typer.echo(f"{output / name}")
    for path, content in others:
        # Do not rewrite an unchanged file: someone may be reading it.
        if differences(path, content):
            path.write_bytes(content.encode())
        typer.echo(f"{path}")


if __name__ == "__main__":
    typer.run(main)
