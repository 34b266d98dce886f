from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.session import Session
from botocore.stub import Stubber

from hub.runtime.aws.sessions import (
    CLIENT_CONFIG,
    KEPT_CLIENTS,
    SPOKE_CONFIG,
    AssumedClients,
    RoleUnavailable,
)
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.emulator import emulated_aws
from tests.support.aws.clients import LAUNCHED, SESSION
from tests.support.build import PAYMENTS
from tests.support.memory import MemoryClock

CREDENTIALS = {"AccessKeyId": "A" * 20, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": LAUNCHED}


class TestSessions:
    def test_role_is_assumed_once_an_hour(self) -> None:
        """A session is used until shortly before it expires, with one client a region."""
        sts = SESSION.client("sts")
        clock = MemoryClock()
        clients = AssumedClients(Session(), sts, "orgdns-observer", clock, SPOKE_CONFIG)
        with Stubber(sts) as stubber:
            for _ in range(2):
                stubber.add_response("assume_role", {"Credentials": CREDENTIALS})
            first = clients.client("arn:aws:iam::444444444444:role/orgdns-reader", "eu-central-1", "ec2")
            assert clients.client("arn:aws:iam::444444444444:role/orgdns-reader", "eu-central-1", "ec2") is first
            clock.sleep(3_400)
            assert clients.client("arn:aws:iam::444444444444:role/orgdns-reader", "eu-central-1", "ec2") is not first
            stubber.assert_no_pending_responses()

    def test_role_that_is_denied_is_named(self) -> None:
        """The error names the role and AWS's answer."""
        sts = SESSION.client("sts")
        clients = AssumedClients(Session(), sts, "orgdns-observer", MemoryClock(), SPOKE_CONFIG)
        with Stubber(sts) as stubber:
            stubber.add_client_error("assume_role", "AccessDenied")
            with pytest.raises(RoleUnavailable, match=r"role/orgdns-reader cannot be assumed.*AccessDenied"):
                clients.client("arn:aws:iam::444444444444:role/orgdns-reader", "eu-central-1", "ec2")

    def test_answer_without_credentials_makes_the_role_unavailable(self) -> None:
        """AWS did not deny the role: it may be available with the next call."""
        sts = SESSION.client("sts")
        clients = AssumedClients(Session(), sts, "orgdns-observer", MemoryClock(), SPOKE_CONFIG)
        with Stubber(sts) as stubber:
            stubber.add_response("assume_role", {})
            with pytest.raises(
                RoleUnavailable, match=r"role/orgdns-reader cannot be assumed.*lacks Credentials"
            ) as error:
                clients.client("arn:aws:iam::444444444444:role/orgdns-reader", "eu-central-1", "ec2")
        assert not error.value.denied

    def test_role_that_was_created_again_is_assumed_again(self) -> None:
        """A denied old session is dropped; the denial of a fresh session is about the role itself."""
        sts = SESSION.client("sts")
        clock = MemoryClock()
        clients = AssumedClients(Session(), sts, "orgdns-observer", clock, SPOKE_CONFIG)
        denied = ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "DescribeInstances")
        other = ClientError({"Error": {"Code": "RequestLimitExceeded"}}, "DescribeInstances")
        role = "arn:aws:iam::444444444444:role/orgdns-reader"
        with Stubber(sts) as stubber:
            for _ in range(3):
                stubber.add_response("assume_role", {"Credentials": CREDENTIALS})
            first = clients.client(role, "eu-central-1", "ec2")
            clock.sleep(120)
            assert clients.forget_if_denied(role, other) is False
            assert clients.client(role, "eu-central-1", "ec2") is first
            assert clients.forget_if_denied(role, denied) is True
            assert clients.client(role, "eu-central-1", "ec2") is not first
            assert clients.forget_if_denied(role, denied) is False
            clients.client(role, "eu-central-1", "ec2")
            stubber.assert_no_pending_responses()

    def test_many_regions_of_one_account_are_one_session(self) -> None:
        """The role is assumed once for all regions of its account, however many clients were dropped."""
        sts = SESSION.client("sts")
        clients = AssumedClients(Session(), sts, "orgdns-observer", MemoryClock(), SPOKE_CONFIG)
        with Stubber(sts) as stubber:
            stubber.add_response("assume_role", {"Credentials": CREDENTIALS})
            for _ in range(2):
                for number in range(KEPT_CLIENTS + 1):
                    clients.client("arn:aws:iam::444444444444:role/orgdns-reader", f"eu-west-{number}", "ec2")
            stubber.assert_no_pending_responses()


def test_one_session_serves_all_services() -> None:
    """One session of a role serves the clients of every service."""
    with emulated_aws():
        sts = boto3.client("sts", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="s")
        made = AssumedClients(Session(), sts, "test", MemoryClock(), CLIENT_CONFIG)
        role = f"arn:aws:iam::{PAYMENTS.id}:role/{NAMES.reader_role}"
        ec2, route53 = made.client(role, "eu-central-1", "ec2"), made.client(role, None, "route53")
        assert (ec2.meta.service_model.service_name, route53.meta.service_model.service_name) == ("ec2", "route53")
        assert ec2._request_signer._credentials.access_key == route53._request_signer._credentials.access_key  # noqa: SLF001 - nothing else tells
