"""What all sections of the configuration file have in common."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hub.runtime.policy.rules import TagCondition
from orgdns.config.types import TagKey, Text

# A strict field does not convert a string to an enum; a loose field does.
LOOSE: Final = Field(strict=False)


class Section(BaseModel):
    """A part of the file: unknown keys are faults, and no value is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        # `accounts:` without a value would mean all accounts, which the author cannot have meant.
        if value is None:
            raise ValueError("is empty: give it a value or remove the key")
        return value


class TagSection(Section):
    """A tag with a given value or with any value."""

    tag: TagKey
    """The tag's key."""
    value: Text | None = None
    """The tag's value; case does not matter. Default: any value."""

    @property
    def condition(self) -> TagCondition:
        """The condition that a resource has the tag."""
        return TagCondition(self.tag, self.value)


def set_of(values: list[str] | None) -> frozenset[str] | None:
    """The values of a list as a set, or None if the file omits the key."""
    return None if values is None else frozenset(values)
