"""A plan in a file: applied exactly as it was shown, or rejected with the reason. Pure.

The file names the change sets, which CloudFormation keeps. It has digests of everything that they were made of, and the
state in which each stack was.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from orgdns import __version__
from orgdns.deployment.bundle import digest, package_digest
from orgdns.deployment.cloudformation.template_changes import Change
from orgdns.deployment.faults import PlanOutdated
from orgdns.deployment.planning import Plan, StackPlan, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orgdns.deployment.accounts import Kind
    from orgdns.deployment.bundle import Bundle
    from orgdns.deployment.cloudformation.stack_states import Found
    from orgdns.deployment.planning import Deployment
    from orgdns.deployment.stacks import Stack

_FORMAT: Final = 1
_AGAIN: Final = "make a new plan with --save"

Document = dict[str, Any]


def to_text(deployment: Deployment, plan: Plan) -> str:
    """The file of a plan."""
    document: Document = {
        "format": _FORMAT,
        "version": __version__,
        "package": package_digest(deployment.bundle),
        "watch_minutes": deployment.watch_minutes,
        "stacks": [_stack(deployment, each) for each in plan.stacks],
    }
    return json.dumps(document, indent=2) + "\n"


def _stack(deployment: Deployment, planned: StackPlan) -> Document:
    stack, found = planned.stack, planned.found
    return {
        "name": stack.name,
        "account": deployment.accounts.ids[stack.account],
        "region": stack.region,
        "template": digest(stack.body),
        "tags": dict(sorted(stack.tags.items())),
        "step": planned.step.value,
        "change_set": planned.change_set,
        "after": planned.after,
        "values": dict(planned.values) if planned.values is not None else None,
        "protect": planned.protect,
        "notes": list(planned.notes),
        "changes": [[each.logical_id, each.type, each.action, each.replacement] for each in planned.changes],
        "found": _state(found),
    }


def _state(found: Found) -> Document:
    return {"status": found.status, "stack_id": found.stack_id, "updated": found.updated}


def of_text(text: str) -> Document:
    """The content of a file.

    Raises:
        PlanOutdated: if it is no plan, or one of another version.
    """
    try:
        document: Document = json.loads(text)
        saved_format, version = document["format"], document["version"]
    except (ValueError, KeyError, TypeError) as other:
        raise PlanOutdated(f"the file is not a plan of orgdns: {_AGAIN}") from other
    if saved_format != _FORMAT or version != __version__:
        raise PlanOutdated(f"the plan was made by orgdns {version}, and this is {__version__}: {_AGAIN}")
    return document


def applied(
    document: Document, bundle: Bundle, ids: Mapping[Kind, str], stacks: tuple[Stack, ...], found: Mapping[str, Found]
) -> Plan:
    """The plan of a file, if everything that it rests on is as it was.

    Args:
        document: The content of the file.
        bundle: What the configuration becomes now.
        ids: The id of each kind of account.
        stacks: The stacks of the configuration.
        found: Each stack as it is, by its place.

    Raises:
        PlanOutdated: if anything differs; all differences at once.
    """
    saved = {(each["account"], each["region"], each["name"]): each for each in document["stacks"]}
    now = {(ids[stack.account], stack.region, stack.name): stack for stack in stacks}
    faults = [*_differences(document, bundle, saved, now)]
    if not faults:
        faults += _moved(saved, now, found)
    if faults:
        raise PlanOutdated(*faults, _AGAIN)
    return Plan(tuple(_planned(each, now[key], found[now[key].place]) for key, each in saved.items()))


_Key = tuple[str, str, str]


def _differences(
    document: Document, bundle: Bundle, saved: Mapping[_Key, Document], now: Mapping[_Key, Stack]
) -> Iterator[str]:
    """How the configuration or the code differs from that of the plan."""
    if document["package"] != package_digest(bundle):
        yield "the Lambda package differs from that of the plan: the configuration, the code or a library changed"
    for key in sorted(saved.keys() ^ now.keys()):
        yield f"the stack {key[2]} in {key[1]} is not in both the plan and the configuration"
    for key in sorted(saved.keys() & now.keys()):
        stack, each = now[key], saved[key]
        if (digest(stack.body), dict(stack.tags)) != (each["template"], each["tags"]):
            yield f"the template or the tags of {stack.place} differ from those of the plan"


def _moved(saved: Mapping[_Key, Document], now: Mapping[_Key, Stack], found: Mapping[str, Found]) -> Iterator[str]:
    """Which stacks are not as they were."""
    for key, each in saved.items():
        place = now[key].place
        if _state(found[place]) != each["found"]:
            before, after = each["found"]["status"] or "missing", found[place].status or "missing"
            yield f"{place} changed since the plan: it was {before}, and is {after}"


def _planned(each: Document, stack: Stack, found: Found) -> StackPlan:
    return StackPlan(
        stack,
        Step(each["step"]),
        found,
        tuple(Change(*change) for change in each["changes"]),
        each["change_set"],
        each["after"],
        each["values"],
        tuple(each["notes"]),
        each["protect"],
    )
