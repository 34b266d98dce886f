"""Chapters about names that come, move and go with their instances."""

from __future__ import annotations

from sandbox.aws.functions.streams import SHARDS
from sandbox.demo.story import CORP, FRANKFURT, IRELAND, VIRGINIA, Story, running_instance
from sandbox.example import PAYMENTS, SCIENCE, SEARCH


def launch(story: Story) -> None:
    """New instances resolve by every name that the policy gives them."""
    made = story.world
    story.chapter(
        "Instances start, and their names resolve",
        f"Three accounts start four instances in three regions. Every DNS query goes over UDP from {story.vpc.id}, a "
        f"VPC of Data Science in {VIRGINIA}. Each line shows a name and the answer.",
    )
    before = len(made.route53.batches)
    started = [
        (account, region, name, made.launch(account, region, name)[0])
        for account, region, name in (
            (PAYMENTS, FRANKFURT, "web"),
            (PAYMENTS, IRELAND, "ledger db"),
            (SEARCH, VIRGINIA, "index"),
            (SCIENCE, IRELAND, "notebook"),
        )
    ]
    made.converge()
    for account, region, name, instance in started:
        address = {made.address(account, region, instance)}
        label = name.replace(" ", "-")
        owner = made.organization.backend.get_account_by_id(account).name.lower().replace(" ", "-")
        story.answers(f"{label}.{region}.{owner}.{CORP}", address)
        if account != SCIENCE:
            story.answers(f"{label}.{CORP}", address)
        story.answers(f"{instance}.instances.internal", address)
    story.remark("The policy gives Data Science no short names:")
    story.does_not_exist(f"notebook.{CORP}")
    calls = len(made.route53.batches) - before
    most = len(made.zone_ids) * SHARDS
    what = f"all these records took {calls} change batches, at most one for each zone and shard of the ledger's stream"
    story.check(what, holds=calls <= most)


def rename(story: Story) -> None:
    """A changed Name tag changes the name."""
    made = story.world
    story.chapter(
        "A tag changes, and the name follows",
        "Search renames its instance from 'index' to 'catalog'. The new name resolves, the old name does not.",
    )
    instance = running_instance(made, SEARCH, VIRGINIA, "index")
    made.tag(SEARCH, VIRGINIA, instance, Name="catalog")
    made.converge()
    story.answers(f"catalog.{CORP}", {made.address(SEARCH, VIRGINIA, instance)})
    story.does_not_exist(f"index.{CORP}")


def recreate(story: Story) -> None:
    """A name that moves from one instance to another resolves at every moment."""
    made = story.world
    story.chapter(
        "A name moves to an instance in another account",
        f"Search starts a new 'web', and Payments terminates the old one. The demo queries web.{CORP} before and after "
        "every function runs: it always resolves, first to the old address, then to the new one.",
    )
    old = running_instance(made, PAYMENTS, FRANKFURT, "web")
    story.clock.advance(60)
    (new,) = made.launch(SEARCH, FRANKFURT, "web")
    made.end(PAYMENTS, FRANKFURT, old)
    answers: list[set[str]] = []
    made.functions.interrupt = lambda _function, _moment: answers.append(made.resolve(f"web.{CORP}", story.vpc))
    made.converge()
    made.functions.interrupt = lambda _function, _moment: None
    text = " → ".join(", ".join(sorted(addresses)) or "no answer" for addresses in answers)
    story.check(
        f"{len(answers)} queries were answered: [cyan]{text}[/]",
        holds=all(len(addresses) == 1 for addresses in answers),
    )
    story.answers(f"web.{CORP}", {made.address(SEARCH, FRANKFURT, new)})


def terminate(story: Story) -> None:
    """The names of a terminated instance are removed."""
    made = story.world
    story.chapter("An instance ends, and its names are removed", "Payments terminates the instance 'ledger db'.")
    instance = running_instance(made, PAYMENTS, IRELAND, "ledger db")
    made.end(PAYMENTS, IRELAND, instance)
    made.converge()
    story.does_not_exist(f"ledger-db.{CORP}")
    story.does_not_exist(f"{instance}.instances.internal")
