"""What of a template exceeds a quota of AWS. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orgdns.cfn.quotas import limits
from orgdns.cfn.quotas.limits import Quota
from orgdns.cfn.quotas.measures import compact, filled_in, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Excess:
    """A part of a template that exceeds a quota.

    Attributes:
        where: The part: the file, and the logical id of a resource if it is one.
        quota: The quota.
        measured: How much the part takes.
        content: What takes it, as text: the values of the configuration that drive it are in there.
    """

    where: str
    quota: Quota
    measured: int
    content: str

    def __str__(self) -> str:
        return f"{self.where} has {self.measured:,} {self.quota.what}, and AWS accepts {self.quota.limit:,}"


def excesses(file: str, template: Json, text: str) -> tuple[Excess, ...]:
    """What exceeds a quota in a template. `text` is what is deployed: YAML or JSON."""
    measured = (*_of_template(file, template, text), *_of_resources(file, template))
    return tuple(each for each in measured if each.measured > each.quota.limit)


def _of_template(file: str, template: Json, text: str) -> Iterator[Excess]:
    yield Excess(file, limits.TEMPLATE_IN_S3, len(text.encode()), text)
    for section, quota in (
        ("Resources", limits.RESOURCES),
        ("Parameters", limits.PARAMETERS),
        ("Outputs", limits.OUTPUTS),
        ("Mappings", limits.MAPPINGS),
    ):
        parts = template.get(section, {})
        yield Excess(file, quota, len(parts), " ".join(parts))
        for title in parts:
            yield Excess(f"{file}: {title}", limits.TITLE, len(title), title)
    description = template.get("Description", "")
    yield Excess(file, limits.TEMPLATE_DESCRIPTION, len(description.encode()), description)


def _of_resources(file: str, template: Json) -> Iterator[Excess]:
    resources = template["Resources"]
    for title, resource in resources.items():
        where, properties = f"{file}: {title}", resource.get("Properties", {})
        kind = resource["Type"]
        yield from _descriptions(where, kind, properties)
        tags = properties.get("Tags", ())
        yield Excess(where, limits.TAGS, len(tags), compact(tags))
        match kind:
            case "AWS::IAM::Role":
                yield from _role(where, properties, _attached(title, resources))
            case "AWS::IAM::ManagedPolicy":
                yield _sized(where, limits.MANAGED_POLICY, properties["PolicyDocument"])
            case "AWS::SQS::QueuePolicy":
                document = properties["PolicyDocument"]
                yield _sized(where, limits.QUEUE_POLICY, document)
                yield Excess(where, limits.QUEUE_STATEMENTS, len(document["Statement"]), compact(document))
            case "AWS::Lambda::Function":
                variables = properties.get("Environment", {}).get("Variables", {})
                yield Excess(where, limits.ENVIRONMENT, _bytes(variables), compact(variables))
            case "AWS::Events::Rule":
                yield _sized(where, limits.EVENT_PATTERN, properties.get("EventPattern", {}))
            case "AWS::CloudFormation::StackSet":
                yield from _stack_set(where, properties)
    yield from _bus_policies(file, resources)


def _bytes(node: object) -> int:
    return len(compact(filled_in(node)).encode())


def _sized(where: str, quota: Quota, document: object) -> Excess:
    """A policy or an event pattern, with its size as compact JSON."""
    return Excess(where, quota, size(document), compact(document))


def _descriptions(where: str, kind: str, properties: Json) -> Iterator[Excess]:
    if kind in limits.DESCRIPTIONS:
        name, limit, page = limits.DESCRIPTIONS[kind]
        text = filled_in(properties.get(name, ""))
        yield Excess(where, Quota("characters of a description", limit, page), len(text), text)


def _role(where: str, properties: Json, attached: int) -> Iterator[Excess]:
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
    inline = sum(size(document) for document in documents)
    yield Excess(where, limits.INLINE_POLICIES, inline, compact(documents))
    yield _sized(where, limits.TRUST_POLICY, properties["AssumeRolePolicyDocument"])
    yield Excess(where, limits.MANAGED_POLICIES, attached, compact(documents))


def _attached(role: str, resources: Mapping[str, Json]) -> int:
    """How many managed policies of the template are attached to a role."""
    policies = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::IAM::ManagedPolicy"]
    return sum({"Ref": role} in policy.get("Roles", ()) for policy in policies)


def _bus_policies(file: str, resources: Mapping[str, Json]) -> Iterator[Excess]:
    """The policy of a bus: all its statements are in one document."""
    statements = [
        each["Properties"]["Statement"] for each in resources.values() if each["Type"] == "AWS::Events::EventBusPolicy"
    ]
    yield _sized(f"{file}: the event bus", limits.BUS_POLICY, {"Version": "2012-10-17", "Statement": statements})


def _stack_set(where: str, properties: Json) -> Iterator[Excess]:
    body = properties["TemplateBody"]
    yield Excess(where, limits.TEMPLATE_BODY, len(body.encode()), body)
    for parameter in properties.get("Parameters", ()):
        value = filled_in(parameter["ParameterValue"])
        yield Excess(where, limits.PARAMETER_VALUE, len(value.encode()), compact(parameter))
