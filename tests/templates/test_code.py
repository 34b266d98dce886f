"""What the functions run: only code with the deployed digest, with the configuration of the template."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from hub.runtime import contract
from tests.support.build import EXAMPLE
from tests.support.generated import CONFIGS, content_of, of_type, read

WORKERS = ("Observer", "Publisher", "Sweeper", "Associator", "Historian")
# The longest values: `LogLevel`, and the id of a zone.
LONGEST = {"LogLevel": "DEBUG"}


def described(title: str, content: dict[str, Any]) -> str:
    text: str = content["Resources"][f"{title}Version"]["Properties"]["Description"]["Fn::Sub"]
    return text


def test_every_mapping_runs_code_with_the_deployed_digest() -> None:
    """A mapping names an alias, the alias a version, and the version the digest. No mapping runs $LATEST."""
    resources = read("hub")["Resources"]
    sources = of_type("hub", "AWS::Lambda::EventSourceMapping")
    assert set(sources) == {f"{title}Source" for title in WORKERS} | {"BacklogSource"}
    assert sources["BacklogSource"]["FunctionName"] == {"Ref": "PublisherAlias"}
    for title in WORKERS:
        assert sources[f"{title}Source"]["FunctionName"] == {"Ref": f"{title}Alias"}
        alias = resources[f"{title}Alias"]["Properties"]
        version = {"Fn::GetAtt": [f"{title}Version", "Version"]}
        assert alias == {"Name": contract.LIVE_ALIAS, "FunctionName": {"Ref": title}, "FunctionVersion": version}
        version = resources[f"{title}Version"]["Properties"]
        assert (version["FunctionName"], version["CodeSha256"]) == ({"Ref": title}, {"Ref": "CodeSha256"})
        # Invocations of the version before may still run.
        assert resources[f"{title}Version"]["UpdateReplacePolicy"] == "Retain"
    assert "Default" not in read("hub")["Parameters"]["CodeSha256"]


@pytest.mark.parametrize("config", list(CONFIGS))
def test_version_names_the_parameters_of_its_configuration(config: str) -> None:
    """A parameter with another value changes the description, and so publishes a version. It always fits.

    The ids of the first three zones fit. The network stack gives all its zones new ids or none.
    """
    content = read("hub", config)
    parameters = set(content["Parameters"]) - {"CodeBucket", "CodeKey", "S3ObjectVersion", "CodeSigningConfigArn"}
    for title in {"Observer", "Publisher", "Sweeper", "Associator"} & content["Resources"].keys():
        text = described(title, content)
        function = yaml.safe_dump(content["Resources"][title]["Properties"])
        used = {name for name in parameters if re.search(rf"\b{name}\b", function)}
        named = re.findall(r"\$\{(\w+)\}", text)
        assert len(named) == len(set(named)) == min(len(used), 5)
        assert set(named) <= used
        assert "LogLevel" in named
        assert len(re.sub(r"\$\{(\w+)\}", lambda name: LONGEST.get(name[1], "Z" * 32), text)) <= 256


def test_version_changes_with_the_configuration_only() -> None:
    """A setting publishes the functions that read it. A grant publishes none: Lambda would refuse that."""
    content = yaml.safe_load(EXAMPLE.read_text())
    before = {title: described(title, content_of("hub", content)) for title in WORKERS}
    content["guards"] = {"grace_days": 9}
    guarded = {title: described(title, content_of("hub", content)) for title in WORKERS}
    assert {title for title in WORKERS if guarded[title] != before[title]} == {"Sweeper", "Associator"}
    content["organization"]["id"] = "o-another123"
    assert {title: described(title, content_of("hub", content)) for title in WORKERS} == guarded


def test_optional_protection_of_the_package() -> None:
    """Object version and code signing are properties of every function if they are given."""
    content = read("hub")
    for title in WORKERS:
        function = content["Resources"][title]["Properties"]
        for name, properties in (("S3ObjectVersion", function["Code"]), ("CodeSigningConfigArn", function)):
            assert properties[name] == {"Fn::If": [f"Has{name}", {"Ref": name}, {"Ref": "AWS::NoValue"}]}
            assert content["Parameters"][name]["Default"] == ""
            assert content["Conditions"][f"Has{name}"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]}
    assert content["Conditions"].keys() == {
        "HasAlarmTopic",
        "HasCodeSigningConfigArn",
        "HasLedgerStream",
        "HasS3ObjectVersion",
    }
    pattern = re.compile(content["Parameters"]["S3ObjectVersion"]["AllowedPattern"])
    assert pattern.fullmatch("")
    assert pattern.fullmatch("3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY_MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo")
    # A bucket that does not keep versions calls each object null, and overwrites it.
    assert not pattern.fullmatch("null")
