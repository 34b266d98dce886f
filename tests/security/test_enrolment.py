"""An account that the configuration does not cover tries to get names, labels and associations anyway."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.organizations.models import OrganizationsBackend

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.bridge import replaced
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SCIENCE
from sandbox.world import Vpc, World
from tests.support.path.faults import send
from tests.support.path.sweeps import CORP, REGION, spoke_status, sweep, sweep_all
from tests.support.security.organization import (
    OUTSIDE,
    assumed_by,
    bus_open_to_the_organization,
    held_by,
    ledger_text,
    moved_out,
)


@pytest.fixture(scope="module")
def outside_vpc(made: World) -> Vpc:
    """The outsider deploys both spoke templates itself, and creates a VPC."""
    made.deploy_spoke(OUTSIDE, [REGION])
    return made.add_vpc(OUTSIDE, REGION, associated=False)


class TestOutsider:
    """It was never covered."""

    def test_events_do_not_reach_the_hub(self, made: World, outside_vpc: Vpc) -> None:
        """The bus admits no event of an account outside the covered units, although the account deploys the rules."""
        del outside_vpc
        before = len(made.router.undelivered)
        made.launch(OUTSIDE, REGION, "intruder")
        made.converge()
        assert len(made.router.undelivered) > before
        assert held_by(made, OUTSIDE) == []

    def test_event_that_reaches_the_hub_gives_nothing(self, made: World, outside_vpc: Vpc) -> None:
        """Even if the bus admitted its events, all that is kept is what Organizations said of it; they are counted."""
        del outside_vpc
        with bus_open_to_the_organization(made):
            made.launch(OUTSIDE, REGION, "intruder")
            made.converge()
        assert held_by(made, OUTSIDE) == []
        assert OUTSIDE not in ledger_text(made)
        assert "outside" not in ledger_text(made)
        dropped = made.logged(NAMES.observer_function, "event dropped")[-1]
        assert dropped["reason"] == f"the configuration does not cover the account {OUTSIDE}"
        counted = [line for line in made.functions.logs(NAMES.observer_function) if "EventsNotCovered" in line]
        assert counted

    def test_vpc_event_associates_nothing(self, made: World, outside_vpc: Vpc) -> None:
        """A VPC of the outsider is not associated with any zone, whatever task or event names it."""
        task = {"orgdns": "associate", "account": OUTSIDE, "region": REGION, "vpcs": [outside_vpc.id]}
        with bus_open_to_the_organization(made):
            made.add_vpc(OUTSIDE, REGION, associated=False)
            send(made, json.dumps(task), NAMES.associations_queue)
            made.converge()
        for zone in made.zone_ids.values():
            assert outside_vpc.id not in made.route53.vpcs_of(zone)
        assert made.logged(NAMES.associator_function, "VPC not covered")

    def test_sweep_gives_nothing(self, made: World, outside_vpc: Vpc) -> None:
        """A sweep of the outsider's spoke reads nothing there, records nothing, and says why."""
        task = {"orgdns": "sweep", "account": OUTSIDE, "region": REGION}
        send(made, json.dumps(task), NAMES.sweeps_queue)
        made.converge()
        assert held_by(made, OUTSIDE) == []
        assert outside_vpc.id not in made.route53.vpcs_of(made.zone_ids[CORP])
        (line,) = [line for line in made.logged(NAMES.sweeper_function, "spoke not swept") if OUTSIDE in str(line)]
        assert "does not cover the account" in str(line["reason"])

    def test_functions_cannot_assume_its_roles(self, made: World, outside_vpc: Vpc) -> None:
        """IAM denies the hub's roles the outsider's reader and VPC associator role, whatever the code does."""
        del outside_vpc
        for function, role in (
            (NAMES.observer_role, NAMES.reader_role),
            (NAMES.sweeper_role, NAMES.reader_role),
            (NAMES.associator_role, NAMES.vpc_role),
        ):
            assert assumed_by(function, OUTSIDE, role) == "AccessDenied"
            assert assumed_by(function, PAYMENTS, role) == "assumed"
        made.guard.denied.clear()


class TestMovedAccount:
    """It was covered, and is moved out of the covered units."""

    def test_it_loses_what_it_has_after_the_grace_period(self, made: World, clock: MovedClock) -> None:
        """Redeploying the stacks does not help: no new names, and names and associations go. An end counts at once."""
        first, _ = (made.launch(SCIENCE, REGION, name)[0] for name in ("ends", "stays"))
        vpc = made.add_vpc(SCIENCE, REGION, associated=False)
        made.converge()
        sweep_all(made, clock)
        corp = made.zone_ids[CORP]
        assert len(held_by(made, SCIENCE)) == 2
        assert vpc.id in made.route53.vpcs_of(corp)
        with moved_out(made, SCIENCE):
            # Longer than the functions keep an account's place in the organization.
            clock.advance(1_000)
            with bus_open_to_the_organization(made):
                made.launch(SCIENCE, REGION, "later")
                made.end(SCIENCE, REGION, first)
                made.converge()
            sweep_all(made, clock)
            assert len(held_by(made, SCIENCE)) == 1
            assert "does not cover the account" in spoke_status(made, clock, SCIENCE).fault
            assert vpc.id in made.route53.vpcs_of(corp)
            clock.advance(7 * 86_400)
            sweep_all(made, clock)
            assert held_by(made, SCIENCE) == []
            assert vpc.id not in made.route53.vpcs_of(corp)
        clock.advance(1_000)
        sweep_all(made, clock)
        assert len(held_by(made, SCIENCE)) == 2
        assert vpc.id in made.route53.vpcs_of(corp)


class TestUnknown:
    """Organizations does not say what a decision depends on."""

    @pytest.mark.parametrize("missing", ["State", "Name", "Paths"])
    def test_nothing_is_given_or_removed(self, made: World, clock: MovedClock, missing: str) -> None:
        """Names stay for longer than any grace period, and no new ones are given until the value is back."""
        made.launch(PAYMENTS, REGION, f"known-{missing.lower()}")
        made.converge()
        before = held_by(made, PAYMENTS)
        also = "Status" if missing == "State" else ""
        describe = OrganizationsBackend.describe_account

        def without(self: OrganizationsBackend, **kwargs: object) -> dict[str, Any]:
            answer: dict[str, Any] = describe(self, **kwargs)
            # AWS returns the state as State and, until it retires it, as Status.
            described = {key: value for key, value in answer["Account"].items() if key not in {missing, also}}
            return answer | {"Account": described}

        with replaced(OrganizationsBackend, describe_account=without):
            clock.advance(1_000)
            made.launch(PAYMENTS, REGION, f"unknown-{missing.lower()}")
            made.converge()
            sweep(made, clock)
            assert not spoke_status(made, clock).fault_since
            clock.advance(8 * 86_400)
            sweep(made, clock)
            assert held_by(made, PAYMENTS) == before
        clock.advance(1_000)
        sweep(made, clock)
        assert set(before) < set(held_by(made, PAYMENTS))
