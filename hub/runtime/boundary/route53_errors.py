"""What the error codes of Route 53 mean for a call that changes or lists record sets. Pure.

The table has four kinds of codes: those in Route 53's API model, those that all AWS APIs share ("Common Error Types" in
each API Reference), those of AssumeRole, and those after which botocore repeats a call. A test reads these codes from
botocore, and fails if the table lacks one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Meaning(StrEnum):
    """What an error means for the names of a call."""

    # The call passes later; the account or the zone receives too many.
    THROTTLED = "throttled"
    # The call passes later, or only after a person did something. The reason is not what the call contains.
    LATER = "later"
    # These changes never pass: something in them is wrong, or the zone does not take them.
    REFUSED = "refused"
    # The zone cannot be read or written by the writer role. Other zones may.
    CLOSED = "closed"
    # The table does not have the code.
    UNKNOWN = "unknown"


_THROTTLED: Final = """
    BandwidthLimitExceeded EC2ThrottledException LimitExceededException PriorRequestNotComplete
    ProvisionedThroughputExceededException RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown
    ThrottledException Throttling ThrottlingException TooManyRequestsException TransactionInProgressException
"""
# Faults of AWS, and sessions that expired or are not valid: the next call has a new one. While the role cannot be
# assumed at all, no zone can be written, so waiting keeps nothing from being published.
_LATER: Final = """
    AuthFailure ConcurrentModification ExpiredToken ExpiredTokenException IncompleteSignature
    IncompleteSignatureException InternalError InternalFailure InternalServerError InternalServiceError
    InvalidClientTokenId InvalidSignatureException MalformedPolicyDocument MissingAuthenticationToken
    MissingAuthenticationTokenException PackedPolicyTooLarge RegionDisabledException RequestAborted
    RequestAbortedException RequestExpired RequestTimeTooSkewed RequestTimeout RequestTimeoutException
    ServiceUnavailable ServiceUnavailableException SignatureDoesNotMatch UnrecognizedClientException
"""
_CLOSED: Final = """
    AccessDenied AccessDeniedException AuthorizationError HostedZoneNotFound IncompatibleVersion InvalidAction
    MissingAction NoSuchHostedZone NotAuthorized NotAuthorizedException OptInRequired UnauthorizedOperation
    UnknownOperation UnknownOperationException
"""
_REFUSED: Final = """
    InvalidChangeBatch InvalidInput InvalidParameterCombination InvalidParameterValue InvalidQueryParameter
    InvalidRequest InvalidRequestException LimitsExceeded MalformedHttpRequest MalformedHttpRequestException
    MalformedInput MalformedQueryString MalformedXML MissingParameter RequestEntityTooLarge
    RequestEntityTooLargeException SerializationException ValidationError ValidationException
"""
# What Route 53 says of health checks, and of what other operations change. None of it passes by waiting.
_REFUSED_OF_OTHERS: Final = """
    CidrBlockInUseException CidrCollectionAlreadyExistsException CidrCollectionInUseException
    CidrCollectionVersionMismatchException ConflictingDomainExists ConflictingTypes DNSSECNotFound
    DelegationSetAlreadyCreated DelegationSetAlreadyReusable DelegationSetInUse DelegationSetNotAvailable
    DelegationSetNotReusable HealthCheckAlreadyExists HealthCheckInUse HealthCheckVersionMismatch
    HostedZoneAlreadyExists HostedZoneNotEmpty HostedZoneNotPrivate HostedZonePartiallyDelegated
    InsufficientCloudWatchLogsResourcePolicy InvalidArgument InvalidDomainName InvalidKMSArn InvalidKeySigningKeyName
    InvalidKeySigningKeyStatus InvalidPaginationToken InvalidResourceRecordSetProtectionBatch InvalidSigningStatus
    InvalidTrafficPolicyDocument InvalidVPCId KeySigningKeyAlreadyExists KeySigningKeyInParentDSRecord
    KeySigningKeyInUse KeySigningKeyWithActiveStatusNotFound LastVPCAssociation NoSuchChange
    NoSuchCidrCollectionException NoSuchCidrLocationException NoSuchCloudWatchLogsLogGroup NoSuchDelegationSet
    NoSuchGeoLocation NoSuchHealthCheck NoSuchKeySigningKey NoSuchQueryLoggingConfig NoSuchTrafficPolicy
    NoSuchTrafficPolicyInstance ProtectionAlreadyExists PublicZoneVPCAssociation QueryLoggingConfigAlreadyExists
    TooManyHealthChecks TooManyHostedZones TooManyKeySigningKeys TooManyTrafficPolicies TooManyTrafficPolicyInstances
    TooManyTrafficPolicyVersionsForCurrentPolicy TooManyVPCAssociationAuthorizations TrafficPolicyAlreadyExists
    TrafficPolicyInUse TrafficPolicyInstanceAlreadyExists VPCAssociationAuthorizationNotFound VPCAssociationNotFound
"""

MEANINGS: Final[Mapping[str, Meaning]] = {
    code: meaning
    for meaning, codes in (
        (Meaning.THROTTLED, _THROTTLED),
        (Meaning.LATER, _LATER),
        (Meaning.CLOSED, _CLOSED),
        (Meaning.REFUSED, _REFUSED + _REFUSED_OF_OTHERS),
    )
    for code in codes.split()
}

_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERRORS: Final = 500


def meaning_of(code: str, status: int = 0) -> Meaning:
    """Return what an error means. For a code that the table lacks, the HTTP status decides, if it can."""
    if code in MEANINGS:
        return MEANINGS[code]
    if status == _TOO_MANY_REQUESTS:
        return Meaning.THROTTLED
    return Meaning.LATER if status >= _SERVER_ERRORS else Meaning.UNKNOWN
