"""An instance as the options of a command describe it. All faults are reported at once, each with its option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from orgdns.config.errors import Source, printable
from orgdns.config.messages import message
from orgdns.trial.sections import AccountSection, InstanceSection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orgdns.trial.given import GivenAccount, GivenInstance

_OPTIONS: Final = {"name": "--account-name", "units": "--unit", "tags": "--tag", "id": "--instance-id"}

_Section = TypeVar("_Section", bound=BaseModel)


class OptionsInvalid(Exception):
    """Options have faults. The message has a line for each."""


def given_by_options(
    facts: Mapping[str, Any], account: Mapping[str, Any], tags: Sequence[str]
) -> tuple[GivenAccount, GivenInstance]:
    """The account and the instance. `facts` and `account` have the values of their sections' keys, or None or nothing.

    Raises:
        OptionsInvalid: if options have faults; the exception lists all of them.
    """
    faults: list[str] = []
    pairs = [tag.partition("=") for tag in tags]
    faults += [
        f"--tag: {printable(tag)!r} has no '=': write KEY=VALUE"
        for tag, (_, equals, _) in zip(tags, pairs, strict=True)
        if not equals
    ]
    keys = [key for key, _, _ in pairs]
    faults += [f"--tag: the key {key!r} is given twice" for key in sorted({key for key in keys if keys.count(key) > 1})]
    values = {key: value for key, equals, value in pairs if equals}
    section = _section(InstanceSection, {**_present(facts), "tags": values}, faults)
    of_account = _section(AccountSection, _present(account), faults)
    if faults or section is None or of_account is None:
        raise OptionsInvalid("\n".join(faults))
    return of_account.given(section.account), section.given()


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, [], ())}


def _section(model: type[_Section], content: dict[str, Any], faults: list[str]) -> _Section | None:
    try:
        return model.model_validate(content)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_input=False):
            key = str(error["loc"][0])
            option = _OPTIONS.get(key, f"--{key}")
            faults.append(f"{option}: {printable(message(error, (key,), Source(), model))}")
        return None
