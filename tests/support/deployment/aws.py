"""AWS in memory, as far as a deployment calls it: every call is counted, and a deployment can be killed at each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from orgdns.deployment.accounts import Accounts, Kind

Answer = dict[str, Any]


class Killed(BaseException):
    """The process ends here."""


def refused(operation: str, code: str, message: str = "") -> ClientError:
    """An error as AWS answers it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class Calls:
    """The calls so far, and the one at which the process is killed.

    Attributes:
        made: The calls, as `account service operation`.
        kill_at: The number of the call at which the process ends, the first one being 0; never if negative.
        after: Whether it ends after the call has had its effect, or before.
        error: What ends it: a kill, after which nothing runs, or an interruption.
    """

    made: list[str] = field(default_factory=list)
    kill_at: int = -1
    after: bool = False
    error: type[BaseException] = Killed

    def through(self, name: str, call: Callable[[], Any]) -> Any:
        number = len(self.made)
        self.made.append(name)
        if number == self.kill_at and not self.after:
            raise self.error(name)
        try:
            return call()
        finally:
            if number == self.kill_at:
                raise self.error(name)


@dataclass
class Client:
    """A client of a service, whose operations are the methods of an object."""

    calls: Calls
    name: str
    service: Any

    def __getattr__(self, operation: str) -> Any:
        method = getattr(self.service, operation)
        return lambda **arguments: self.calls.through(f"{self.name} {operation}", lambda: method(**arguments))

    def get_paginator(self, operation: str) -> Paginator:
        return Paginator(getattr(self, operation))


@dataclass
class Paginator:
    """Pages of an operation whose pages have `NextToken`."""

    operation: Callable[..., Answer]

    def paginate(self, **arguments: Any) -> Iterator[Answer]:
        token: dict[str, str] = {}
        while True:
            page = self.operation(**arguments, **token)
            yield page
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}


@dataclass
class Aws:
    """All services of all accounts.

    Attributes:
        ids: The id of each kind of account.
        services: Makes the object with the operations of a service in an account and region.
    """

    ids: Mapping[Kind, str]
    services: Callable[[str, str, str], Any]
    calls: Calls = field(default_factory=Calls)

    def accounts(self) -> Accounts:
        """The accounts, as if their credentials had been checked."""
        return Accounts(self.ids, self.client, "arn:aws:iam::222222222222:user/ops")

    def client(self, kind: Kind, service: str, region: str) -> Client:
        return Client(self.calls, f"{kind} {service}", self.services(self.ids[kind], service, region))
