"""The questions of `orgdns init`, in the order in which they are asked. Pure.

An answer is one line of text. A list has its values separated by spaces or commas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Answers = dict[str, str]
# The kinds of names that a draft can have.
UNIQUE, SHORT, BY_ID = "unique", "short", "id"
KINDS: Final = (UNIQUE, SHORT, BY_ID)


class AnswerInvalid(ValueError):
    """An answer has a form that no file can have. The message says which form it should have."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question: the option that answers it, too, what is asked, an example, and the answer of whoever gives none.

    The default is that of `default_of` if it names another question. A question without a default needs an answer.
    """

    key: str
    text: str
    example: str = ""
    default: str = ""
    default_of: str = ""

    @property
    def option(self) -> str:
        """The option of the command."""
        return f"--{self.key}"

    def assumed(self, answers: Mapping[str, str]) -> str:
        """The answer if none is given; empty if there must be one."""
        return answers.get(self.default_of, "") or self.default

    def applies(self, answers: Mapping[str, str]) -> bool:
        """Whether the question makes sense after these answers."""
        return self.key != "short-accounts" or SHORT in words(answers.get("names", ""))


QUESTIONS: Final = (
    Question("organization", "Id of the AWS Organization", "o-a1b2c3d4e5"),
    Question("management-account", "Management account of the organization", "111111111111"),
    Question("units", "Organizational units (or the root) whose accounts get names", "ou-ab12-workload"),
    Question("hub-account", "Hub account, which receives all events and runs orgdns", "222222222222"),
    Question("hub-region", "Region of the hub", "eu-central-1"),
    Question("network-account", "Networking account, which owns the private hosted zones", "333333333333"),
    Question("regions", "Regions in which instances get names", "eu-central-1 us-east-1", default_of="hub-region"),
    Question(
        "zones",
        "Zones: DOMAIN=ZONE_ID for one that exists, DOMAIN=VPC or DOMAIN=VPC@REGION to create one with a VPC of the "
        "networking account",
        "corp.internal=Z0123456789ABCDEFGHIJ",
    ),
    Question(
        "resolved-by",
        "VPCs that resolve the zones: all (but default VPCs), none (you associate them), or those with a tag KEY=VALUE",
        default="all",
    ),
    Question(
        "names",
        "Names: unique ({name}.{region}.{account_name}), short ({name}, in some accounts), id ({instance_id})",
        default=f"{UNIQUE} {BY_ID}",
    ),
    Question("short-accounts", "Accounts that get short names, and share them", "444444444444 555555555555"),
)


def words(answer: str) -> list[str]:
    """The values of a list."""
    return answer.replace(",", " ").split()
