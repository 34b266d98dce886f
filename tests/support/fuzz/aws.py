"""AWS in memory: the SDK's clients without HTTP, and the answers that are changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Any, Final

from botocore.response import StreamingBody
from botocore.session import Session
from botocore.validate import validate_parameters

from tests.support.fuzz import answers
from tests.support.fuzz.answers import Refused
from tests.support.fuzz.mutations import ELEMENT, REMOVED, Mutation, Path, mutated, present
from tests.support.fuzz.organization import REGION, Organization
from tests.support.fuzz.table import ConditionFailed
from tests.support.history import objects

# No run makes as many calls: one that does goes round in circles.
MOST_CALLS: Final = 2_000


EVERY: Final = -1
_ANSWERS: Final = {**answers.ANSWERS, **objects.ANSWERS}


class Endless(BaseException):
    """The functions call without end."""


@dataclass(frozen=True)
class Spoiled:
    """The answer to the n-th call of an operation, or to each, is changed.

    With a text `about` a thing, what all answers say about it is changed, and nothing else: the elements of a listing
    that contain the text, or the answer to a request with the text. `element` is the path of an element, if there is a
    listing.
    """

    operation: str
    changes: tuple[Mutation, ...]
    call: int = 0
    about: str = ""
    element: Path = ()

    def changed(self, answer: dict[str, Any], request: Mapping[str, Any], number: int) -> Any:  # noqa: ANN401 - a document
        """An answer with these changes, if it is one to change."""
        if not self.about:
            return mutated(answer, self.changes) if self.call in {number, EVERY} else answer
        if self.element:
            return self._elements_changed(answer, self.element)
        return mutated(answer, self.changes) if self.about in repr(request) else answer

    def _elements_changed(self, part: Any, path: Path) -> Any:  # noqa: ANN401 - any document
        if not path:
            return mutated(part, self.changes) if self.about in repr(part) else part
        if path[0] == ELEMENT:
            changed = (self._elements_changed(each, path[1:]) for each in part)
            return [each for each in changed if each is not REMOVED]
        return part | {path[0]: self._elements_changed(part[path[0]], path[1:])} if path[0] in part else part


@dataclass
class Aws:
    """The APIs. `spoiled` is an answer to change. `answers` are the paths of all answers, if they are recorded."""

    organization: Organization
    spoiled: Spoiled | None = None
    answers: defaultdict[str, set[Path]] | None = None
    calls: Counter[str] = field(default_factory=Counter)

    def call(self, service: str, operation: str, request: Mapping[str, Any], account: str) -> dict[str, Any]:
        name = f"{service}.{operation}"
        number = self.calls[name]
        self.calls[name] += 1
        if self.calls.total() > MOST_CALLS:
            raise Endless(name)
        answer = self._answer(name, dict(request), account)
        if self.answers is not None:
            self.answers[name].update(present(answer))
        if self.spoiled and self.spoiled.operation == name:
            answer = self.spoiled.changed(answer, request, number)
        return answer

    def _answer(self, name: str, request: dict[str, Any], account: str) -> dict[str, Any]:
        service, operation = name.split(".")
        if service == "dynamodb":
            snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)
            return self.organization.table.answer(snake[1:], request)
        return _ANSWERS[name](self.organization, request, account)


class SimulatedSession(Session):
    """A session whose clients ask the organization of the current case. Each client is made once.

    A client checks its requests as usual, and takes the answer without a way over HTTP.
    """

    def __init__(self) -> None:
        super().__init__()
        self.aws = Aws(Organization())
        self._clients: dict[tuple[object, ...], Any] = {}

    def create_client(self, service_name: str, region_name: Any = None, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as the SDK's
        key = str(options.get("aws_access_key_id"))
        place = (service_name, region_name, key)
        if place not in self._clients:
            client: Any = super().create_client(service_name, region_name or REGION, *args, **options)
            client._make_api_call = partial(self._answered, client, key.removeprefix("ASIA"))  # noqa: SLF001 - as botocore's Stubber does
            self._clients[place] = client
        return self._clients[place]

    def _answered(self, client: Any, account: str, operation: str, request: dict[str, Any]) -> Any:  # noqa: ANN401 - as the SDK's
        model = client.meta.service_model
        shapes = model.operation_model(operation)
        validate_parameters(request, shapes.input_shape)
        metadata = {"ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}}
        try:
            answer = self.aws.call(model.service_name, operation, request, account)
        except (Refused, ConditionFailed) as refused:
            code = str(refused) or "ConditionalCheckFailedException"
            told = refused.answer if isinstance(refused, ConditionFailed) else {}
            error = {"Error": {"Code": code, "Message": f"[{code}]"}} | told | metadata
            raise client.exceptions.from_code(code)(error, operation) from None
        stream = shapes.output_shape.serialization.get("payload") if shapes.has_streaming_output else None
        if stream in answer:
            content = answer[stream].encode("latin-1", "replace")
            answer = answer | {stream: StreamingBody(BytesIO(content), len(content))}
        return answer | metadata
