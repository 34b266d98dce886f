"""What Route 53's error codes mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker
from botocore.session import Session

from hub.runtime.boundary.route53_errors import MEANINGS, Meaning, meaning_of

# "Common Error Types", https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html, and "Common Errors",
# https://docs.aws.amazon.com/awsconsolehelpdocs/latest/gsg/common-errors.html
COMMON = set(
    """
    AccessDeniedException ExpiredTokenException IncompleteSignature InternalFailure InvalidAction InvalidClientTokenId
    InvalidParameterCombination InvalidParameterValue InvalidQueryParameter MalformedHttpRequestException
    MalformedQueryString MissingAction MissingAuthenticationToken MissingParameter NotAuthorized OptInRequired
    RequestAbortedException RequestEntityTooLargeException RequestExpired RequestTimeoutException ServiceUnavailable
    ThrottlingException UnknownOperationException UnrecognizedClientException ValidationError
    """.split()  # noqa: SIM905 - as the documentation lists them
)


def codes(shapes: Iterable[Any]) -> set[str]:
    """The codes of errors, as botocore's models have them."""
    return {shape.error_code for shape in shapes}


def test_p5_every_error_code_has_a_meaning() -> None:
    """The table has all codes of Route 53's model, those of AssumeRole, and those that all APIs of AWS share."""
    session = Session()
    of_route53 = codes(session.get_service_model("route53").error_shapes)
    of_assume_role = codes(session.get_service_model("sts").operation_model("AssumeRole").error_shapes)
    throttled: Any = ThrottledRetryableChecker
    transient: Any = TransientRetryableChecker
    # botocore repeats calls with these codes, of any service.
    repeated = {*throttled._THROTTLED_ERROR_CODES, *transient._TRANSIENT_ERROR_CODES}  # noqa: SLF001 - named nowhere else
    assert (of_route53 | of_assume_role | repeated | COMMON) - MEANINGS.keys() == set()
    assert {code for code in repeated if MEANINGS[code] not in {Meaning.THROTTLED, Meaning.LATER}} == set()


def test_errors_of_the_operations_mean_what_their_documentation_says() -> None:
    """The errors that ChangeResourceRecordSets and ListResourceRecordSets declare."""
    model = Session().get_service_model("route53")
    changes, listing = map(model.operation_model, ("ChangeResourceRecordSets", "ListResourceRecordSets"))
    assert {code: MEANINGS[code] for code in codes(changes.error_shapes) | codes(listing.error_shapes)} == {
        "InvalidChangeBatch": Meaning.REFUSED,
        "InvalidInput": Meaning.REFUSED,
        "NoSuchHealthCheck": Meaning.REFUSED,
        "NoSuchHostedZone": Meaning.CLOSED,
        "PriorRequestNotComplete": Meaning.THROTTLED,
    }


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("Throttling", 400, Meaning.THROTTLED),
        ("PriorRequestNotComplete", 400, Meaning.THROTTLED),
        ("ServiceUnavailable", 503, Meaning.LATER),
        ("ExpiredToken", 403, Meaning.LATER),
        ("InvalidChangeBatch", 400, Meaning.REFUSED),
        ("LimitsExceeded", 400, Meaning.REFUSED),
        ("ValidationError", 400, Meaning.REFUSED),
        ("AccessDenied", 403, Meaning.CLOSED),
        ("NoSuchHostedZone", 404, Meaning.CLOSED),
        ("NeverSeenBefore", 400, Meaning.UNKNOWN),
        ("NeverSeenBefore", 0, Meaning.UNKNOWN),
        ("503", 503, Meaning.LATER),
        ("429", 429, Meaning.THROTTLED),
    ],
)
def test_meaning_of_an_error(code: str, status: int, meaning: Meaning) -> None:
    """A code means what the table says; an unknown one what its HTTP status says."""
    assert meaning_of(code, status) is meaning
