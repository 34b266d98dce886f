"""Read a YAML file of the networking team: its content, and the line of every value in it.

A mistake in the file never causes a stack trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from orgdns.config.errors import ConfigInvalid, Fault, Source
from orgdns.config.limits import MAX_TEXT, TooLarge, check_limits

if TYPE_CHECKING:
    from pathlib import Path


def text_of(path: Path) -> str:
    """The text of a file, up to a character more than the limit, which is enough to refuse the file.

    Raises:
        ConfigInvalid: if the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_TEXT + 1)
    except UnicodeDecodeError as other:
        raise ConfigInvalid(str(path), (Fault(1, "", "is not in UTF-8: save the file in UTF-8"),)) from other
    except OSError as unreadable:
        raise ConfigInvalid(str(path), (Fault(1, "", f"cannot be read: {unreadable}"),)) from unreadable


def content_of(text: str, path: str) -> tuple[Any, Source]:
    """What a text in YAML contains, and where; errors name `path` as the file.

    Raises:
        ConfigInvalid: if the text is not YAML, or too large.
    """
    try:
        check_limits(text)
        source = Source(yaml.compose(text, Loader=yaml.SafeLoader), path)
        return yaml.safe_load(text), source
    except TooLarge as large:
        raise ConfigInvalid(path, (Fault(large.line, "", str(large)),)) from large
    except yaml.MarkedYAMLError as broken:
        raise ConfigInvalid(path, (_not_yaml(broken),)) from broken
    except yaml.reader.ReaderError as broken:
        line = text.count("\n", 0, broken.position) + 1
        fault = Fault(line, "", f"is not valid YAML: remove the character {text[broken.position]!a}")
        raise ConfigInvalid(path, (fault,)) from broken
    except (yaml.YAMLError, ValueError) as broken:  # ValueError: a scalar looks like a date but is not one
        raise ConfigInvalid(path, (Fault(1, "", f"is not valid YAML: {broken}"),)) from broken
    except (KeyError, AttributeError, IndexError) as broken:  # `!!bool x`, `!!timestamp x`, `!!int ""`
        raise ConfigInvalid(
            path, (Fault(1, "", "is not valid YAML: a tag (!!...) does not fit its value"),)
        ) from broken


def _not_yaml(broken: yaml.MarkedYAMLError) -> Fault:
    """What the parser says, and what to do about frequent mistakes."""
    mark, problem = broken.problem_mark, str(broken.problem)
    if broken.context == "while scanning a quoted scalar" and broken.context_mark:
        mark, problem = broken.context_mark, "the quote is not closed, or a quote in the text is not doubled"
    elif problem.startswith(("expected <block end>", "mapping values")):
        problem += ": put a text with {, } or a colon in quotes, and indent the keys of a section equally"
    return Fault(mark.line + 1 if mark else 1, "", f"is not valid YAML: {problem}")
