"""Publishes what CloudTrail logs of ChangeResourceRecordSets, in the region of Route 53's API.

A simulation: the emulator emits no events. A call that Route 53 refuses is logged with its error code.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.route53.exceptions import Route53ClientError
from moto.route53.responses import Route53

from orgdns.config.partitions import global_region
from sandbox.aws.bridge import replaced
from sandbox.aws.events.envelope import Event, event_of, timestamp
from sandbox.aws.events.trails import CALL, call_record, user_identity
from sandbox.aws.partition import partition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sandbox.aws.events.trails import Trails
    from sandbox.clock import Clock

# A response of the emulator, which ships no types.
Moto = Any

# "CloudTrail record contents": larger request parameters are omitted
# (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).
MOST_PARAMETERS: Final = 100 * 1024


def _region() -> str:
    """The region of the events.

    In the partition `aws` it is US East (N. Virginia): "Logging Amazon Route 53 API calls with AWS CloudTrail"
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/logging-using-cloudtrail.html).
    """
    return global_region(partition())


@contextmanager
def route53_calls(emit: Callable[[Event], None], clock: Clock, trails: Trails) -> Iterator[None]:
    """Publish an event for each ChangeResourceRecordSets of an account with a trail, while the context lasts.

    Enter it within `strict_route53`, which answers the call.
    """
    change = Route53.change_resource_record_sets

    def change_resource_record_sets(response: Moto) -> Moto:
        try:
            answer = change(response)
        except Route53ClientError as error:
            refusal = {"errorCode": error.code, "errorMessage": error.message, "responseElements": None}
            log(response, refusal)
            raise
        log(response, {})
        return answer

    def log(response: Moto, refusal: Event) -> None:
        if trails.log(response.current_account):
            parameters = {
                "hostedZoneId": response._get_param("HostedZoneId"),
                "changeBatch": {"changes": [_logged(each) for each in response._get_param("ChangeBatch.Changes")]},
            }
            identity = user_identity(response.current_account, response.access_key)
            emit(_event(identity, timestamp(clock.now()), parameters, refusal))

    with replaced(Route53, change_resource_record_sets=change_resource_record_sets):
        yield


def _event(identity: Event, time: str, parameters: Event, refusal: Event) -> Event:
    """The event of one call, with the record as in the example of the Route 53 Developer Guide."""
    size = len(json.dumps(parameters))
    omitted = {"reason": "requestParameters too large", "omitted": "true", "originalSize": str(size)}
    detail = {
        **call_record("route53", "ChangeResourceRecordSets", identity, _region(), time),
        "requestParameters": parameters if size <= MOST_PARAMETERS else omitted,
        "responseElements": {"changeInfo": {"status": "PENDING", "id": "/change/C2682N5HXP0BZ4", "submittedAt": time}},
        "additionalEventData": {"Note": "Do not use to reconstruct hosted zone"},
        "apiVersion": "2013-04-01",
        **refusal,
    }
    account = identity["accountId"]
    return event_of(account, _region(), time=time, source="aws.route53", detail_type=CALL, detail=detail)


def _logged(value: Any) -> Any:  # noqa: ANN401 - JSON
    """A parameter as CloudTrail writes it: each key begins with a small letter, also `tTL`."""
    if isinstance(value, list):
        return [_logged(each) for each in value]
    if not isinstance(value, dict):
        return value
    members: Mapping[str, Any] = value
    return {key[:1].lower() + key[1:]: _logged(member) for key, member in members.items()}
