"""What `orgdns destroy` removes, and what it leaves, over AWS in memory."""

from __future__ import annotations

import re
from functools import cache

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.owner import DEFAULT_OWNER
from hub.runtime.model.vpcs import AssociationRecord, Vpc, VpcRow
from network.account import network_template
from orgdns.config.load import parse
from orgdns.deployment.faults import DeploymentFault, StackFailed
from orgdns.deployment.opening import open_deployment
from orgdns.deployment.removal.associations import with_profile
from orgdns.deployment.removal.everything import removal
from tests.support.build import CORP_ZONE, ref
from tests.support.config.configuration import GOOD
from tests.support.deployment.aws import Killed
from tests.support.deployment.organization import Organization
from tests.support.deployment.route53 import OURS, record
from tests.support.memory_vpcs import vpc_ref


@cache
def first() -> Organization:
    organization = Organization()
    organization.run()
    organization.calls.made.clear()
    organization.events.clear()
    return organization


def deployed() -> Organization:
    """An organization after `orgdns deploy`, of its own for each test."""
    return first().copy()


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
        [
            ("orgdns-History", "it says who had which name when"),
            ("orgdns-Ledger", "it has deletion protection, because it says who held which name"),
        ],
        [],
    ]
    ((history, ledger),) = (each.remaining for each in planned.stacks if each.remaining)
    assert ledger.command.endswith("aws dynamodb delete-table --region eu-central-1 --table-name orgdns-Ledger")
    assert history.command == "aws s3 rb --force --region eu-central-1 s3://orgdns-History"


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


def test_removal_builds_no_package() -> None:
    """A removal needs templates only, so it also works where no package can be built."""
    organization = deployed()
    accounts = organization.deployment().accounts
    opened = open_deployment(organization.config, "orgdns.yaml", accounts, organization.events.append, removes=True)
    assert opened.bundle.package is None
    assert NAMES.zone_changes_stack in {stack.name for stack in opened.stacks}


def writer(installation: str, owner: str) -> dict[str, str]:
    """The writer role of an installation, as IAM lists it."""
    config = parse(GOOD + f"installation: {installation}\nowner: {owner}\n")
    (role,) = (
        resource["Properties"]
        for resource in network_template(config).to_dict()["Resources"].values()
        if resource["Properties"].get("RoleName", "").endswith("-writer")
    )
    return {"RoleName": role["RoleName"], "Description": role["Description"]}


def test_records_of_a_successor_stay() -> None:
    """If another installation has the same owner, its records are these: neither records nor associations go."""
    organization = deployed()
    organization.route53.zones[CORP_ZONE] = [OURS]
    organization.roles = [writer("orgdns", "orgdns"), {"RoleName": "other-writer"}, writer("orgdns-dr", "orgdns")]
    for records, associations in ((True, False), (False, True)):
        with pytest.raises(DeploymentFault, match="installation orgdns-dr has the owner orgdns, too"):
            removal(organization.deployment(), records=records, associations=associations)
    organization.destroy()
    assert organization.end()["stacks"] == []
    assert organization.route53.zones[CORP_ZONE] == [OURS]


def test_installation_of_another_owner_is_no_successor() -> None:
    """Production and a test beside it have different owners, and each removes its own records."""
    organization = deployed()
    organization.route53.zones[CORP_ZONE] = [OURS]
    organization.roles = [writer("orgdns", "orgdns"), writer("dns-test", "dns-test")]
    organization.destroy(records=True)
    assert organization.route53.zones[CORP_ZONE] == []


def test_removal_takes_the_turns_of_all_functions() -> None:
    """Its calls are counted in the ledger's pace. After the ledger is gone, they are paced by themselves."""
    many = [record(DEFAULT_OWNER.set_identifier(str(ref(number)))) for number in range(1, 500)]
    for gone in (False, True):
        organization = deployed()
        organization.config = parse(re.sub(r"(network:\n)", r"\1  route53_share: 0.1\n", GOOD, count=1))
        organization.route53.zones[CORP_ZONE] = list(many)
        organization.ledger.gone = gone
        before = organization.state.time
        organization.destroy(records=True)
        assert organization.route53.zones[CORP_ZONE] == []
        assert bool(organization.ledger.paces) is not gone
        # A tenth of 1,500 changes at once, and of 100 a second.
        assert organization.state.time - before > 1_000 * (len(many) - 150) / 10


def test_associations_with_a_profile_are_listed() -> None:
    """Only the account of a VPC can end them: the plan has the command for each, whoever made the association."""
    seen = Vpc(vpc_ref(1), profiles=("rp-1",), profile="rp-1")
    rows = [
        VpcRow(vpc_ref(1), vpc=seen),
        VpcRow(vpc_ref(2), records={"rp-1": AssociationRecord(managed=True), CORP_ZONE: AssociationRecord()}),
        VpcRow(vpc_ref(3), vpc=Vpc(vpc_ref(3), profile="rp-1"), records={"rp-1": AssociationRecord()}),
    ]
    listed = with_profile(rows)
    assert [each.vpc for each in listed] == [vpc_ref(1), vpc_ref(2)]
    assert listed[0].command == (
        "aws route53profiles disassociate-profile --region eu-central-1 --profile-id rp-1 "
        f"--resource-id {vpc_ref(1).id}"
    )


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
