"""The findings of linters that are no faults, with the reasons. A test fails if one of them no longer occurs."""

from __future__ import annotations

from typing import Final

from tests.support.lint.findings import Justified

IAM: Final = (
    Justified(
        "confused-deputy",
        "*Role OnlyThisService lambda.amazonaws.com",
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
        "AWS does not document that Lambda sets aws:SourceArn or aws:SourceAccount when it assumes a role. A role can "
        "only be passed to a service in its own account, so no other account can make Lambda assume it.",
    ),
    Justified(
        "no-resource-type",
        "PublisherRole FollowLedger dynamodb:ListStreams",
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
        "AWS's example for a function that processes a stream grants the action on the table's streams. A grant on all "
        "resources would also list the streams of other tables.",
    ),
)
