"""The configuration, compiled to the policy that the runtime reads."""

from __future__ import annotations

import pytest

from hub.package import package
from hub.runtime.policy.decide import Policy
from orgdns.config import load as module
from orgdns.deployment.templates import templates
from tests.support.build import EXAMPLE


def test_policy_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates and the Lambda package read the policy many times, but it is compiled once."""
    compiled: list[Policy] = []

    def counted(**fields: object) -> Policy:
        compiled.append(Policy(**fields))  # type: ignore[arg-type]  # the fields that the configuration gives
        return compiled[-1]

    monkeypatch.setattr(module, "Policy", counted)
    config = module.load(EXAMPLE)
    assert compiled == []
    assert templates(config)
    package(config.compiled_policy())
    assert config.compiled_policy() is config.compiled_policy()
    assert len(compiled) == 1
    other = module.load(EXAMPLE)
    assert other == config
    assert other.compiled_policy() == config.compiled_policy()
    assert len(compiled) == 2
