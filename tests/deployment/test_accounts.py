"""Whose credentials reach an account, and what is wrong with those that do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import botocore.session
import pytest

from orgdns.deployment.accounts import Accounts, Choices, Kind, opened, session_with
from orgdns.deployment.faults import DeploymentFault
from tests.support.deployment.aws import Answer, refused
from tests.support.deployment.organization import example

HUB, NETWORK, OTHER = example().hub.account, example().network.account, "999999999999"
KINDS = (Kind.HUB, Kind.NETWORK)
HOUR = timedelta(hours=1)


def answered(key_id: str, expiration: datetime) -> Answer:
    """What AssumeRole answers."""
    keys = {"AccessKeyId": key_id, "SecretAccessKey": "secret", "SessionToken": "token"}
    return {"Credentials": keys | {"Expiration": expiration}}


@dataclass
class Session:
    """A session of an account, and its client of STS."""

    account: str
    roles: dict[str, str]

    def client(self, service: str, **_settings: object) -> object:
        return self if service == "sts" else (self.account, service)

    def get_caller_identity(self) -> Answer:
        return {"Account": self.account, "Arn": f"arn:aws:iam::{self.account}:user/dns"}

    def assume_role(self, RoleArn: str, RoleSessionName: str) -> Answer:  # noqa: N803 - AWS's names
        assert RoleSessionName
        if RoleArn not in self.roles:
            raise refused("AssumeRole", "AccessDenied")
        return answered(self.roles[RoleArn], datetime.now(UTC) + HOUR)


def accounts(choices: Choices, current: str, roles: dict[str, str] | None = None) -> Accounts:
    """The accounts, if profiles are named for their accounts."""

    def session(profile_name: str | None = None, botocore_session: botocore.session.Session | None = None) -> Session:
        assumed = botocore_session.get_credentials() if botocore_session else None
        return Session(profile_name or (assumed.access_key if assumed else current), roles or {})

    return opened(example(), KINDS, choices, session)


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/deploy/dns"


def test_profiles() -> None:
    """Each account is reached with its own profile."""
    found = accounts(Choices({Kind.HUB: HUB, Kind.NETWORK: NETWORK}), OTHER)
    assert found.client(Kind.HUB, "s3", "eu-central-1") == (HUB, "s3")
    assert found.client(Kind.NETWORK, "s3", "eu-central-1") == (NETWORK, "s3")


def test_role_is_assumed_only_where_it_is_needed() -> None:
    """The current credentials serve for their own account, and the role for the other one."""
    found = accounts(Choices(role="deploy/dns"), HUB, {role(NETWORK): NETWORK})
    assert found.client(Kind.HUB, "s3", "eu-central-1") == (HUB, "s3")
    assert found.client(Kind.NETWORK, "s3", "eu-central-1") == (NETWORK, "s3")


def test_caller_is_who_assumes_the_role() -> None:
    """History names the person or pipeline, and not the role that all of them may assume."""
    roles = {role(HUB): HUB, role(NETWORK): NETWORK}
    assert accounts(Choices(role="deploy/dns"), OTHER, roles).caller == f"arn:aws:iam::{OTHER}:user/dns"
    assert accounts(Choices({Kind.HUB: HUB, Kind.NETWORK: NETWORK}), OTHER).caller == f"arn:aws:iam::{HUB}:user/dns"


def test_all_faults_are_told_at_once() -> None:
    """Credentials of other accounts are named, with the account that they are of and what to do."""
    with pytest.raises(DeploymentFault) as fault:
        accounts(Choices({Kind.NETWORK: OTHER}), OTHER)
    assert [line.split(":")[0] for line in fault.value.lines] == [f"hub account {HUB}", f"networking account {NETWORK}"]
    assert all(OTHER in line and "-profile" in line for line in fault.value.lines)


def test_role_that_cannot_be_assumed() -> None:
    """The error names the role and who asked for it."""
    with pytest.raises(DeploymentFault, match=f"{role(NETWORK)} cannot be assumed.*arn:aws:iam::{HUB}:user/dns"):
        accounts(Choices(role="deploy/dns"), HUB)


def test_session_of_a_role_is_renewed_before_it_ends() -> None:
    """A client that is used for hours signs with the next session in time, and with the same one until then."""
    now = datetime(2026, 11, 29, tzinfo=UTC)
    sessions = iter(range(1, 10))
    session = session_with(lambda: answered(f"session-{next(sessions)}", now + HOUR), lambda: now)
    used = session.get_credentials()
    assert used is not None
    seen = []
    for _ in range(5):
        seen.append(used.get_frozen_credentials().access_key)
        now += HOUR / 2
    assert seen == ["session-1", "session-1", "session-2", "session-2", "session-3"]
