"""Whether an answer is right: the loader of the configuration says so, of the file that the answers give so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orgdns.config.errors import ConfigInvalid
from orgdns.config.load import parse
from orgdns.draft.questions import QUESTIONS, AnswerInvalid
from orgdns.draft.text import configuration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orgdns.draft.questions import Question

# The accounts and units of answers that are still to come: no real ones, and all different.
_STILL_TO_COME: Final = {
    "organization": "o-0000000000",
    "management-account": "000000000001",
    "units": "r-0000",
    "hub-account": "000000000002",
    "hub-region": "eu-central-1",
    "network-account": "000000000003",
    "regions": "eu-central-1",
    "zones": "orgdns.internal=Z00000000",
    "resolved-by": "none",
    "names": "unique",
    "short-accounts": "000000000004",
}


def faults_of_answers(answers: Mapping[str, str]) -> tuple[str, ...]:
    """What is wrong with the answers so far, a text for each mistake."""
    following = {key: text for key, text in _STILL_TO_COME.items() if key not in answers}
    if "hub-region" in answers and "regions" not in answers:
        # A region of another partition would be a mistake of the answer that is still to come.
        following["regions"] = answers["hub-region"]
    try:
        parse(configuration({**following, **answers}))
    except AnswerInvalid as invalid:
        return (str(invalid),)
    except ConfigInvalid as invalid:
        return tuple(dict.fromkeys(fault.message for fault in invalid.faults))
    return ()


def completed(answers: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The answers with the defaults of the others, and the faults: options without an answer, and wrong answers."""
    complete: dict[str, str] = {}
    faults: list[str] = []
    for question in QUESTIONS:
        if not question.applies(complete):
            continue
        answer = answers.get(question.key, "") or question.assumed(complete)
        if not answer:
            faults.append(f"{question.option} is missing: {asked(question)}")
            continue
        # A wrong answer is left out, so that it is reported once.
        if wrong := faults_of_answers(complete | {question.key: answer}):
            faults += [f"{question.option}: {fault}" for fault in wrong]
        else:
            complete[question.key] = answer
    return complete, tuple(faults)


def asked(question: Question) -> str:
    """The question with its example."""
    return f"{question.text}, such as {question.example}" if question.example else question.text
