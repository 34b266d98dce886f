"""How many runs of functions an account allows."""

from __future__ import annotations

from sandbox.aws.credentials import administrator_client
from sandbox.aws.emulator import emulated_aws
from sandbox.aws.functions.account import CONCURRENT_EXECUTIONS, account_settings


def test_account_settings() -> None:
    """An account has the default quota, less what functions reserve."""
    with emulated_aws(), account_settings():
        client = administrator_client("lambda", "222222222222", "eu-central-1")
        limit = client.get_account_settings()["AccountLimit"]
        assert limit == {
            "ConcurrentExecutions": CONCURRENT_EXECUTIONS,
            "UnreservedConcurrentExecutions": CONCURRENT_EXECUTIONS,
        }
        role = "arn:aws:iam::222222222222:role/runs"
        administrator_client("iam", "222222222222", "eu-central-1").create_role(
            RoleName="runs", AssumeRolePolicyDocument="{}"
        )
        client.create_function(
            FunctionName="f",
            Role=role,
            Runtime="python3.13",
            Handler="f.f",
            Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
        )
        client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=100)
        answer = client.get_account_settings()
        assert answer["AccountLimit"]["UnreservedConcurrentExecutions"] == CONCURRENT_EXECUTIONS - 100
        assert answer["AccountUsage"]["FunctionCount"] == 1
