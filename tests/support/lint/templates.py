"""The templates that the linters read: all stacks, of several configurations."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import cfn_flip
import yaml

from orgdns.cfn.rendering import Form
from orgdns.config.load import parse
from orgdns.deployment.templates import templates
from tests.support.build import DOCUMENTS, ROOT
from tests.support.config.configuration import everything
from tests.support.generated import CONFIGS, large

_EVERY_FEATURE = DOCUMENTS / "every-feature.yaml"


@cache
def linted() -> dict[str, str]:
    """The text of each template, by configuration and file name, such as `profiles/hub.json`."""
    configs = {name: make() for name, make in CONFIGS.items()} | {
        "every-key": parse(yaml.safe_dump(everything()), "every-key.yaml"),
        "large": parse(large(), "large.yaml"),
        "every-feature": parse(_EVERY_FEATURE.read_text(), _EVERY_FEATURE.name),
    }
    generated = {
        f"{name}/{file}": text
        for name, config in configs.items()
        for file, text in templates(config, Form.JSON).items()
    }
    committed = {f"committed/{path.name}": path.read_text() for path in (ROOT / "templates").glob("*.yaml")}
    return generated | committed


@cache
def contents() -> dict[str, dict[str, Any]]:
    """Each of these templates with its functions written out."""
    return {
        name: json.loads(text if name.endswith(".json") else cfn_flip.to_json(text)) for name, text in linted().items()
    }
