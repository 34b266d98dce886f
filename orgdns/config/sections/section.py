"""What all sections of the configuration file have in common."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hub.runtime.policy.rules import TagCondition
from orgdns.config.types import TagKey, Text

# Strict fields take no string for an enum; these do.
LOOSE: Final = Field(strict=False)


class Section(BaseModel):
    """A part of the file: an unknown key is a fault, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _said(cls, value: object) -> object:
        # `accounts:` with nothing behind it would mean all accounts, which nobody can have meant.
        if value is None:
            raise ValueError("is empty: give it a value, or leave the key out")
        return value


class TagSection(Section):
    """A tag, with a value or with any."""

    tag: TagKey
    """The tag's key."""
    value: Text | None = None
    """The tag's value, in upper or lower case. Left out: any."""

    @property
    def condition(self) -> TagCondition:
        """The condition that something carries the tag."""
        return TagCondition(self.tag, self.value)


def set_of(values: list[str] | None) -> frozenset[str] | None:
    """The values of a list as a set, or None where the key is left out."""
    return None if values is None else frozenset(values)
