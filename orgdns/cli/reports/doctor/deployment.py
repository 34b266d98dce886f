"""Checks of the stacks and of the code that runs. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orgdns.cli.reports.doctor.finding import Verdict, problem

if TYPE_CHECKING:
    from orgdns.cli.reports.doctor.facts import Function, Stack

# "Stack status codes": https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
_COMPLETE: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_IN_PROGRESS: Final = frozenset(
    {
        "CREATE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "IMPORT_IN_PROGRESS",
    }
)
# A stack whose creation failed can only be deleted (as above).
_DELETE_FIRST: Final = frozenset({"CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})
# A function that nobody called for weeks is Inactive until its next call ("Lambda function states",
# https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html).
_RUNS: Final = frozenset({"", "Active", "Inactive"})
# A person compares the first characters of a digest.
_SHORT: Final = 12


def stack(found: Stack) -> Verdict:
    """The stack exists, and its last deployment succeeded or goes on."""
    if not found.status:
        return problem(f"there is no stack {found.name}: deploy its template under this name")
    reason = f" ({found.reason})" if found.reason else ""
    if found.status in _COMPLETE | _IN_PROGRESS:
        return Verdict(f"{found.name} is {found.status}")
    first = "delete the stack, and " if found.status in _DELETE_FIRST else ""
    return problem(
        f"{found.name} is {found.status}{reason}: look at the stack's events, {first}deploy its template again"
    )


def functions(found: tuple[Function, ...]) -> Verdict:
    """The alias of each function names a published version, and all have the same code."""
    problems = [
        f"{function.name} has no alias that names a published version: deploy the hub template"
        for function in found
        if not function.version.isdecimal()
    ]
    problems += [
        f"{function.name} is {function.state}: look at the function in the Lambda console"
        for function in found
        if function.state not in _RUNS
    ]
    codes = {function.code for function in found if function.code}
    if len(codes) > 1:
        shown = ", ".join(f"{function.name} {function.code[:_SHORT]}" for function in found)
        problems.append(f"the functions have different code ({shown}): deploy the hub template again")
    versions = ", ".join(f"{function.name} {function.version}" for function in found)
    return Verdict(f"{versions}; code {', '.join(sorted(codes))}", tuple(problems))
