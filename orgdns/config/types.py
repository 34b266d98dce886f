"""The types of the configuration's values: the checks, their error messages, and their JSON Schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_network
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import botocore
from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import core_schema
from typing_extensions import TypeAliasType

from hub.runtime.installation import LONGEST_INSTALLATION
from hub.runtime.messages import short
from hub.runtime.model.names import Fqdn
from hub.runtime.names.labels import NameRefused, parse_domain, shown
from hub.runtime.names.templates import TAG_PREFIX, VARIABLES, pattern_fault
from hub.runtime.policy.reserved import WELL_KNOWN
from orgdns.config.installation import installation_name
from orgdns.config.partitions import SUPPORTED, known_regions, partition_of

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

# "Maximum key length: 128 Unicode characters", and the prefix `aws:` is reserved for AWS
# (EC2 User Guide, "Tag restrictions", https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html).
MAX_TAG_KEY: Final = 128


@dataclass(frozen=True, slots=True)
class Shape:
    """Strings that match a pattern; `what` describes them in the error message."""

    pattern: str
    what: str

    def checked(self, value: object) -> str:
        """The value.

        Raises:
            ValueError: if it is not a string that matches the pattern.
        """
        text = string(value)
        if not re.fullmatch(self.pattern, text):
            raise ValueError(f"{shown(text)} is not {self.what}")
        return text

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(schema) | {"type": "string", "pattern": f"^(?:{self.pattern})$"}


class NotAString(ValueError):
    """A single value that is no string. `orgdns.config.messages` says what YAML made of what was written."""


def string(value: object) -> str:
    """The value.

    Raises:
        ValueError: if it is a mapping or a list; NotAString, if it is another value that is no string.
    """
    if isinstance(value, dict | list):
        raise ValueError("must be a text")  # noqa: TRY004 - pydantic collects ValueError
    if not isinstance(value, str):
        raise NotAString(f"{short(value)} is not a string: put it in quotes")
    return value


def _well_known(value: str) -> str:
    if value not in WELL_KNOWN:
        nearest = get_close_matches(value, sorted(WELL_KNOWN), n=1, cutoff=0)[0]
        raise ValueError(
            f"{shown(value)} is not one of the well-known names that are reserved: did you mean {nearest!r}? "
            f"They are {', '.join(sorted(WELL_KNOWN))}"
        )
    return value


def _region(value: str) -> str:
    if value in known_regions():
        return value
    partition = partition_of(value)
    if partition and partition not in SUPPORTED:
        raise ValueError(f"{shown(value)} is in the partition {partition}: orgdns supports {', '.join(SUPPORTED)}")
    # The form of a region's name does not tell a new region from a typing error.
    new = f"; if it is new, update botocore ({botocore.__version__} does not list it)" if partition else ""
    raise ValueError(f"{shown(value)} is not an AWS region{new}")


def _domain(value: str) -> Fqdn:
    try:
        return parse_domain(value)
    except NameRefused as refused:
        raise ValueError(str(refused)) from refused


def _pattern(value: str) -> str:
    if fault := pattern_fault(value):
        raise ValueError(fault)
    return value


def _network(value: str) -> str:
    if not re.fullmatch(_CIDR, value):
        raise ValueError(f"{shown(value)} is not a CIDR block, such as 10.1.0.0/16")
    try:
        return str(ip_network(value))
    except ValueError as refused:
        raise ValueError(f"{shown(value)} is not a CIDR block, such as 10.1.0.0/16: {refused}") from refused


_CIDR: Final = "[0-9a-fA-F.:]+/[0-9]{1,3}"
_HEX: Final = "(?:[0-9a-f]{8}|[0-9a-f]{17})"
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ANY_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_VARIABLE: Final = rf"\{{(?:{'|'.join(sorted(VARIABLES))}|{TAG_PREFIX}[^{{}}]+)\}}"
_PART: Final = rf"(?:[a-z0-9-]|{_VARIABLE})+"

# The name of a CloudFormation stack has letters, digits and hyphens, and begins with a letter; that of an S3 bucket has
# no capitals. So has every name that begins with it.
_INSTALLATION: Final = rf"(?=[^\n]{{1,{LONGEST_INSTALLATION}}}$)[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
InstallationName = Annotated[
    str,
    Shape(
        _INSTALLATION,
        f"the name of an installation: 1 to {LONGEST_INSTALLATION} lower-case letters, digits and single inner "
        "hyphens, starting with a letter",
    ),
    AfterValidator(installation_name),
]
OwnerName = Annotated[
    str,
    Shape(
        _INSTALLATION,
        f"the owner of records: 1 to {LONGEST_INSTALLATION} lower-case letters, digits and single inner hyphens, "
        "starting with a letter",
    ),
]
AccountId = TypeAliasType("AccountId", Annotated[str, Shape(r"[0-9]{12}", "an account id: 12 digits")])
OrganizationId = Annotated[str, Shape(r"o-[a-z0-9]{10,32}", "an organization id, such as o-a1b2c3d4e5")]
UnitId = TypeAliasType(
    "UnitId",
    Annotated[
        str,
        Shape(
            r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32}", "an organizational unit id, such as ou-ab12-c3d4e5f6"
        ),
    ],
)
ZoneId = Annotated[str, Shape(r"Z[A-Z0-9]{7,31}", "a hosted zone id, such as Z0123456789ABCDEFGHIJ")]
VpcId = TypeAliasType("VpcId", Annotated[str, Shape(f"vpc-{_HEX}", "a VPC id")])
SubnetId = TypeAliasType("SubnetId", Annotated[str, Shape(f"subnet-{_HEX}", "a subnet id")])
RuleName = Annotated[str, Shape(r"[a-z0-9][a-z0-9-]{0,62}", "a rule's name: a-z, 0-9, -")]
# The runtime refuses labels that look IDNA-encoded.
UnitLabel = Annotated[
    str,
    Shape(f"(?!xn--){_LABEL}", "a label: 1 to 63 lower-case letters, digits and inner hyphens, not starting with xn--"),
]
TagKey = Annotated[
    str,
    Shape(
        rf"(?![aA][wW][sS]:)[^\x00-\x1f]{{1,{MAX_TAG_KEY}}}",
        f"a tag key that people can set: 1 to {MAX_TAG_KEY} characters, not starting with aws:",
    ),
]
# "Tag naming limits and requirements" (https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html): letters,
# digits and spaces of any language, and these signs.
_TAG_CHARACTERS: Final = r"[A-Za-z0-9\u00aa-\ud7ff\uf900-\uffff _.:/=+@-]"
ResourceTagKey = TypeAliasType(
    "ResourceTagKey",
    Annotated[
        str,
        Shape(
            rf"(?![aA][wW][sS]:){_TAG_CHARACTERS}{{1,{MAX_TAG_KEY}}}",
            f"the key of a tag: 1 to {MAX_TAG_KEY} letters, digits, spaces or _.:/=+-@, not starting with aws:",
        ),
    ],
)
ResourceTagValue = TypeAliasType(
    "ResourceTagValue",
    Annotated[
        str,
        Shape(rf"{_TAG_CHARACTERS}{{0,256}}", "the value of a tag: up to 256 letters, digits, spaces or _.:/=+-@"),
    ],
)
# "IAM and AWS STS quotas: name requirements" (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)
# has the characters of names. A path may have more of them, and more than 512 characters are refused.
_IAM: Final = "[A-Za-z0-9_+=,.@-]"
RolePath = Annotated[
    str,
    Shape(
        rf"(?=[^\n]{{1,512}}$)(?!/aws-(?:reserved|service-role)/)/(?:{_IAM}+/)*",
        "a path of IAM roles: it starts and ends with /, such as /orgdns/, and has letters, digits or _+=,.@- between",
    ),
]
PolicyName = Annotated[
    str,
    Shape(
        rf"(?:arn:aws(?:-[a-z]+)*:iam::aws:policy/)?(?:{_IAM}+/)*{_IAM}{{1,128}}",
        "the name of a managed policy, such as developer-boundary or boundaries/developer, or the ARN of one of AWS's "
        "own (the policy of one account does not exist in the others)",
    ),
]
# "Key identifiers" (https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id): the id of a
# multi-Region key begins with mrk-, and each replica has it.
_KEY: Final = "arn:aws(?:-[a-z]+)*:kms:[a-z0-9-]+:[0-9]{12}:key/"
_MULTI_REGION: Final = "mrk-[0-9a-f]{32}"
KeyArn = TypeAliasType(
    "KeyArn",
    Annotated[
        str,
        Shape(
            rf"{_KEY}(?:[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|{_MULTI_REGION})",
            "the ARN of a key of AWS KMS, such as "
            "arn:...:kms:eu-central-1:222222222222:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9 (policies cannot name an "
            "alias)",
        ),
    ],
)
# Nobody can change the policy of an AWS managed key, whose alias begins with alias/aws/, so EventBridge cannot use it
# ("Amazon SQS key management",
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html).
KeyOfEachRegion = Annotated[
    str,
    Shape(
        rf"alias/(?!aws/)[A-Za-z0-9/_-]{{1,250}}|{_KEY}{_MULTI_REGION}",
        "an alias that every covered account has in every covered region, such as alias/orgdns, or the ARN of a "
        "multi-Region key (key/mrk-...): a queue needs a key of its own region, and EventBridge cannot use AWS's own "
        "alias/aws/sqs",
    ),
]
Text = Annotated[str, Shape(r"[\s\S]*", "a text")]
TemplateText = Annotated[Text, WithJsonSchema({"type": "string", "pattern": rf"^{_PART}(?:\.{_PART})+\.?$"})]
NamePattern = TypeAliasType(
    "NamePattern",
    Annotated[
        Text,
        AfterValidator(_pattern),
        WithJsonSchema({"type": "string", "pattern": r"^[a-z0-9*-]+(?:\.[a-z0-9*-]+)*$"}),
    ],
)
WellKnownName = TypeAliasType(
    "WellKnownName",
    Annotated[Text, AfterValidator(_well_known), WithJsonSchema({"type": "string", "enum": sorted(WELL_KNOWN)})],
)
NetworkCidr = Annotated[Text, AfterValidator(_network), WithJsonSchema({"type": "string", "pattern": f"^{_CIDR}$"})]
Region = TypeAliasType(
    "Region",
    Annotated[Text, AfterValidator(_region), WithJsonSchema({"type": "string", "enum": sorted(known_regions())})],
)
Domain = Annotated[
    Fqdn,
    Shape(r"[\s\S]*", "a domain"),
    AfterValidator(_domain),
    WithJsonSchema({"type": "string", "pattern": rf"^(?:{_ANY_LABEL}\.)*{_ANY_LABEL}\.?$"}),
]

_Value = TypeVar("_Value")
# A list of distinct values that is not empty.
Several = Annotated[list[_Value], Field(min_length=1, json_schema_extra={"uniqueItems": True})]
