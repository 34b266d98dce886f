"""Checks of the keys of KMS that encrypt the hub, and of the topics of its alarms. Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from orgdns.cli.reports.doctor.finding import Verdict, problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orgdns.cli.reports.doctor.facts import Key, Topic

_ENABLED: Final = "Enabled"
QUEUES: Final = "queues"
LOGS: Final = "logs"
HISTORY: Final = "history"
# What a service does with a key in its own name: `orgdns.cfn.key_policies` has the documents of AWS.
_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")


def keys(found: tuple[Key, ...]) -> Verdict:
    """Each key can be used, and its policy lets EventBridge and CloudWatch Logs use it, as far as it can be read."""
    problems = [text for key in found for text in _problems(key)]
    unread = [f"the policy of {key.arn} was not read" for key in found if key.policy is None and _services(key)]
    seen = "; ".join([*(f"{key.arn} encrypts {' and '.join(key.encrypts)}" for key in found), *unread])
    return Verdict(seen or "nothing in the hub has a key of its own", tuple(problems))


def _problems(key: Key) -> Iterator[str]:
    of = f"the key {key.arn} of the {' and '.join(key.encrypts)}"
    if key.of_aws:
        if QUEUES in key.encrypts:
            yield f"{of} is AWS's own, which EventBridge cannot use: set resources.kms.queues to a key of yours"
        return
    if key.state != _ENABLED:
        state = f"is {key.state}" if key.state else "does not exist"
        yield f"{of} {state}: enable it, or nothing that it encrypts can be read (docs/corporate.md)"
        return
    for service in _services(key) if key.policy is not None else ():
        if not _lets(key.policy or {}, service):
            yield (
                f"the policy of the key {key.arn} does not let {service} use it: add the statements in "
                "key-policies.json, which `make templates` writes"
            )


def _services(key: Key) -> list[str]:
    """The services that use the key in their own name."""
    found = ["events.amazonaws.com"] if QUEUES in key.encrypts else []
    return [*found, *([f"logs.{key.arn.split(':')[3]}.amazonaws.com"] if LOGS in key.encrypts else [])]


def _lets(policy: Mapping[str, Any], service: str) -> bool:
    """Whether statements of a key's policy allow a service what it does. Conditions are not examined."""
    allowed = [
        str(action)
        for statement in _listed(policy.get("Statement"))
        if statement.get("Effect") == "Allow" and _is_for(statement.get("Principal"), service)
        for action in _listed(statement.get("Action"))
    ]
    return all(any(fnmatchcase(needed.lower(), pattern.lower()) for pattern in allowed) for needed in _ACTIONS)


def _is_for(principal: object, service: str) -> bool:
    services = _listed(principal.get("Service")) if isinstance(principal, dict) else []
    # In some partitions another domain follows.
    return any(str(each).startswith(service.removesuffix("amazonaws.com")) for each in services)


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - parsed JSON
    return value if isinstance(value, list) else [] if value is None else [value]


def topics(found: tuple[Topic, ...]) -> Verdict:
    """CloudWatch can publish to each topic of the alarms.

    It cannot use AWS's own key of SNS ("How do I configure a CloudWatch alarm with an encrypted SNS topic?",
    https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns).
    """
    silent = [topic.arn for topic in found if topic.key.endswith("alias/aws/sns")]
    if silent:
        return problem(
            f"{', '.join(silent)}: encrypted with AWS's own key alias/aws/sns, which CloudWatch cannot use, so nobody "
            "hears of an alarm: encrypt the topic with a key of yours that lets cloudwatch.amazonaws.com use it"
        )
    return Verdict(f"the alarms notify {', '.join(topic.arn for topic in found)}")
