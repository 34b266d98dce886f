"""The only way in which the sandbox replaces parts of the emulator, and restores them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


@contextmanager
def replaced(owner: type | ModuleType, /, **members: object) -> Iterator[None]:
    """Give a class or a module these members while the context lasts.

    Afterwards it has its own members again, the identical objects, be they properties, class methods or static methods.
    A member that it inherited, or did not have, is removed again.
    """
    # Not getattr, which would bind class methods, and would make a base class's members the owner's own.
    own = {name: owner.__dict__[name] for name in members if name in owner.__dict__}
    try:
        for name, member in members.items():
            setattr(owner, name, member)
        yield
    finally:
        for name in members:
            if name in own:
                setattr(owner, name, own[name])
            elif name in owner.__dict__:
                delattr(owner, name)


@contextmanager
def replaced_values(mapping: dict[str, Any], /, **values: object) -> Iterator[None]:
    """Give a mapping of the emulator, to which others hold references, these values while the context lasts."""
    own = dict(mapping)
    mapping.update(values)
    try:
        yield
    finally:
        mapping.clear()
        mapping.update(own)
