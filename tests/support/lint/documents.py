"""The policies that are in no template: service control policies, and those of the documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import yaml

from orgdns.config.load import parse
from spoke.scp import scp_text
from tests.support.build import DOCUMENTS, ROOT
from tests.support.config.configuration import everything
from tests.support.generated import CONFIGS
from tests.support.lint.statements import Kind, Statement, of_document

_JSON: Final = re.compile(r"^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)


@cache
def controls() -> dict[str, list[Statement]]:
    """The statements of the service control policy of each configuration, and of the committed one."""
    configs = {name: make() for name, make in CONFIGS.items()} | {
        "every-key": parse(yaml.safe_dump(everything()), "every-key.yaml"),
        "every-feature": parse((DOCUMENTS / "every-feature.yaml").read_text(), "every-feature.yaml"),
    }
    texts = {f"{name}/scp.json": scp_text(config) for name, config in configs.items()}
    texts["committed/scp.json"] = (ROOT / "templates/scp.json").read_text()
    return {name: of_document("scp", json.loads(text), Kind.CONTROL) for name, text in texts.items()}


@cache
def documented() -> dict[str, list[Statement]]:
    """The statements of each policy in the documentation, such as `docs/operate.md#1`."""
    return {
        name: of_document(name, document, Kind.IDENTITY)
        for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
        for name, document in _policies(str(path.relative_to(ROOT)), path.read_text())
    }


def _policies(page: str, text: str) -> Iterator[tuple[str, object]]:
    blocks = (block[1] for block in _JSON.finditer(text) if '"Effect"' in block[1])
    return ((f"{page}#{number}", json.loads(block)) for number, block in enumerate(blocks, 1))
