"""What ends a deployment, said so that a person knows what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class DeploymentFault(Exception):
    """The deployment cannot go on. Each line says what is wrong, and what to do."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines: Sequence[str] = lines


class StackFailed(DeploymentFault):
    """CloudFormation did not finish an operation of a stack; the lines have the reasons."""


class PlanOutdated(DeploymentFault):
    """A saved plan does not describe what would happen now."""
