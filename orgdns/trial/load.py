"""Load a file with the cases of a policy. All faults are reported at once, each with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from hub.runtime.names.labels import enclosing, shown
from orgdns.config.errors import ConfigInvalid, Fault, Place, Source
from orgdns.config.messages import message
from orgdns.config.reading import content_of, text_of
from orgdns.trial.cases import Case, ExpectedHolders, ExpectedName, ExpectedRefusal, Suite
from orgdns.trial.sections import CasesFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from orgdns.config.load import Config
    from orgdns.trial.sections import CaseSection

# A name that nobody holds.
NOBODY: Final = "nobody"
_EXPECTATIONS: Final = ("expect", "includes", "excludes", "refused", "declined", "holders")


def load_cases(path: Path, config: Config) -> Suite:
    """The cases in a file, for a configuration.

    Raises:
        ConfigInvalid: if the file has faults; the exception lists all of them.
    """
    return parse_cases(text_of(path), config, str(path))


def parse_cases(text: str, config: Config, path: str = "cases.yaml") -> Suite:
    """The cases in a text; errors name `path` as the file.

    Raises:
        ConfigInvalid: if the text has faults; the exception lists all of them.
    """
    content, source = content_of(text, path)
    faults = list(source.repeated())
    try:
        file = CasesFile.model_validate(content)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_input=False):
            place = as_written(error["loc"], source)
            faults.append(source.fault(place, message(error, place, source, CasesFile)))
        raise ConfigInvalid(path, tuple(sorted(set(faults)))) from invalid
    faults += [fault for index, section in enumerate(file.cases) for fault in _faults(section, index, config, source)]
    if faults:
        raise ConfigInvalid(path, tuple(sorted(set(faults))))
    accounts = tuple(section.given(account_id) for account_id, section in file.accounts.items())
    cases = (_case(section, source.line(("cases", index))) for index, section in enumerate(file.cases))
    return Suite(accounts, tuple(cases))


def as_written(place: tuple[Any, ...], source: Source) -> Place:
    """The place in the file: a single value may stand for a list of one, so the file has no index there."""
    written: Place = ()
    for step in place:
        if str(step).startswith("[") or (isinstance(step, int) and not source.has((*written, step))):
            continue
        written = (*written, step)
    return written


def _faults(section: CaseSection, index: int, config: Config, source: Source) -> Iterator[Fault]:
    """What is wrong with a case beside the form of its values."""
    place: Place = ("cases", index)
    if not section.model_fields_set & set(_EXPECTATIONS):
        yield source.fault(place, f"expects nothing: add one of {', '.join(_EXPECTATIONS)}")
    if section.expect is not None and section.includes is not None:
        yield source.fault((*place, "includes"), "'expect' already says which names there are: remove one of the two")
    for text in _repeated(section):
        yield source.fault((*place, "given"), text)
    for key, text in (*_names_outside(section, config), *_unknown_holders(section)):
        yield source.fault((*place, key), text)
    rules = {rule.name for rule in config.policy.rules}
    for key, of_rules in (("refused", section.refused), ("declined", section.declined)):
        for rule in (of_rules or {}).keys() - rules:
            known = ", ".join(sorted(rules))
            yield source.fault((*place, key, rule), f"the policy has no rule {shown(rule)} (rules: {known})")


def _repeated(section: CaseSection) -> Iterator[str]:
    for key, values in (
        ("as", [instance.called for instance in section.given if instance.called]),
        ("id", [instance.id for instance in section.given if instance.id]),
    ):
        if len(set(values)) < len(values):
            yield f"two instances have the same {key!r}"


def _names_outside(section: CaseSection, config: Config) -> Iterator[tuple[str, str]]:
    """The key and the fault of each name that no rule can give."""
    zones = ", ".join(domain.removesuffix(".") for domain in config.domains)
    for key in ("expect", "includes", "holders"):
        for name in getattr(section, key) or {}:
            if not enclosing(name, config.domains):
                yield key, f"{shown(name)} lies outside every zone (zones: {zones})"


def _unknown_holders(section: CaseSection) -> Iterator[tuple[str, str]]:
    called = [instance.called for instance in section.given if instance.called]
    for holders in (section.holders or {}).values():
        for unknown in sorted(set(holders) - {NOBODY, *called}):
            yield "holders", f"no instance of the case has 'as: {unknown}' (instances: {', '.join(called) or 'none'})"


def _case(section: CaseSection, line: int) -> Case:
    def names(expected: Mapping[Any, list[str]] | None) -> tuple[ExpectedName, ...]:
        return tuple(
            ExpectedName(fqdn, frozenset(values) if values else None) for fqdn, values in (expected or {}).items()
        )

    refusals = [
        ExpectedRefusal(rule, text, declined=declined)
        for of_rules, declined in ((section.refused, False), (section.declined, True))
        for rule, texts in (of_rules or {}).items()
        for text in texts
    ]
    return Case(
        name=section.name,
        line=line,
        given=tuple(
            instance.given(instance.called or f"instance {number}") for number, instance in enumerate(section.given, 1)
        ),
        exact=None if section.expect is None else names(section.expect),
        includes=names(section.includes),
        excludes=tuple(section.excludes or ()),
        refusals=tuple(refusals),
        holders=tuple(
            ExpectedHolders(fqdn, frozenset(holders) - {NOBODY}) for fqdn, holders in (section.holders or {}).items()
        ),
    )
