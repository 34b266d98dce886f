"""What `orgdns destroy` removes, and what it leaves, over AWS in memory."""

from __future__ import annotations

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.owner import DEFAULT_OWNER
from orgdns.deployment.faults import StackFailed
from orgdns.deployment.removal.everything import removal
from tests.support.build import CORP_ZONE, ref
from tests.support.deployment.aws import Killed
from tests.support.deployment.organization import Organization
from tests.support.deployment.route53 import OURS, record


def deployed() -> Organization:
    organization = Organization()
    organization.run()
    organization.calls.made.clear()
    organization.events.clear()
    return organization


ALSO_OURS = record(DEFAULT_OWNER.set_identifier(str(ref(3))))
OTHERS = [
    record(None),
    record("someone/else"),
    record("orgdns-test/444444444444/eu-central-1/i-00000000000000001"),
    record(DEFAULT_OWNER.set_identifier(str(ref(2))), multivalue=False),
]


def test_stacks_go_in_the_reverse_order() -> None:
    """The rollout goes first, then the hub, then the networking account's stacks."""
    organization = deployed()
    assert organization.destroy() == ()
    gone = [event.subject for event in organization.events if event.status == "DELETE_COMPLETE"]
    assert gone == [f"{name} in eu-central-1" for name in (NAMES.rollout_stack, NAMES.hub_stack, NAMES.network_stack)]
    assert organization.end()["stacks"] == []
    begun = [event.subject for event in organization.events if event.status == "DELETE_IN_PROGRESS"]
    assert begun == gone


def test_plan_says_what_stays() -> None:
    """What the templates retain is named with the reason."""
    organization = deployed()
    planned = removal(organization.deployment(), records=False, associations=False)
    assert [[(kept.name, kept.reason) for kept in each.remaining] for each in planned.stacks] == [
        [],
        [("orgdns-Ledger", "it has deletion protection, because it says who held which name")],
        [],
    ]


def test_protected_stacks_are_removed() -> None:
    """Termination protection is against mistakes; who agreed means it."""
    organization = deployed()
    organization.stack(NAMES.hub_stack).protected = True
    organization.destroy()
    assert organization.end()["stacks"] == []


def test_only_records_of_this_owner_go() -> None:
    """Records of people, of other tools and of another installation stay exactly as they are."""
    organization = deployed()
    organization.route53.zones[CORP_ZONE] = [
        OTHERS[0],
        OURS,
        *OTHERS[1:],
        ALSO_OURS,
    ]
    organization.destroy(records=True)
    assert organization.route53.zones[CORP_ZONE] == OTHERS
    assert organization.route53.batches == [2]


def test_records_stay_without_the_option() -> None:
    """Without --records, no record is even read."""
    organization = deployed()
    organization.destroy()
    assert not [call for call in organization.calls.made if "route53" in call]


def test_records_go_after_the_hub() -> None:
    """The hub goes before the records, which its functions would publish again, and the roles of the zones last."""
    organization = deployed()
    organization.route53.zones[CORP_ZONE] = [OURS]
    organization.destroy(records=True)
    told = [event.subject for event in organization.events if event.status in {"DELETE_COMPLETE", "DELETED"}]
    assert told.index("orgdns-hub in eu-central-1") < told.index("records of corp.internal")
    assert told.index("records of corp.internal") < told.index("orgdns-network in eu-central-1")


def test_stack_that_cannot_be_deleted_is_told() -> None:
    """The reason is told, and the stacks that it rests on stay."""
    organization = deployed()
    organization.state.failing[NAMES.hub_stack] = "a role has another policy"
    with pytest.raises(StackFailed, match=r"DELETE_FAILED:\nObserver .*: a role has another policy"):
        organization.destroy()
    assert organization.stack(NAMES.network_stack).status == "CREATE_COMPLETE"
    organization.destroy()
    assert organization.end()["stacks"] == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_call(after: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A run that was killed at any call is repeated, and ends as if nothing had happened."""
    whole = deployed()
    whole.route53.zones[CORP_ZONE] = [OURS, *OTHERS]
    whole.destroy(records=True)
    for number in range(len(whole.calls.made)):
        organization = deployed()
        organization.route53.zones[CORP_ZONE] = [OURS, *OTHERS]
        organization.calls.kill_at, organization.calls.after = number, after
        with pytest.raises(Killed):
            organization.destroy(records=True)
        organization.calls.kill_at = -1
        organization.destroy(records=True)
        assert organization.end() == whole.end()
        assert organization.route53.zones[CORP_ZONE] == OTHERS
