"""How large the Lambda package is, and what a cold start of each function costs."""

from __future__ import annotations

import io
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub.package import package
from hub.runtime import contract
from orgdns.config.load import load
from sandbox import example
from sandbox.bench.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.package import Package

PAIRS: Final = 9
# What describes the VPCs of a spoke, which a sweep does, too.
_OF_VPCS: Final = ("ec2", "route53", "route53resolver", "route53profiles")
# The services of which each function creates clients for its first event.
SERVICES: Final = {
    contract.OBSERVER_HANDLER: ("dynamodb", "sts", "organizations", "ec2"),
    contract.PUBLISHER_HANDLER: ("dynamodb", "sts", "route53"),
    contract.SWEEPER_HANDLER: ("dynamodb", "sts", "organizations", "sqs", *_OF_VPCS),
    contract.ASSOCIATOR_HANDLER: ("dynamodb", "sts", "organizations", *_OF_VPCS),
}
_SDK: Final = ("botocore", "dateutil", "jmespath", "urllib3")
# With the SDK of Lambda's runtime: as the functions would import it, and without the check of the packaged one.
_RUNTIMES_OWN: Final = (
    "import boto3, hub.runtime.sdk; hub.runtime.sdk.check = lambda *_: None\nmake = boto3.Session().client"
)
_PACKAGED: Final = "from botocore.session import Session; make = Session().create_client"


def figures() -> Iterator[Figure]:
    """The package's size, and the cold start of the function with the worst ratio."""
    policy = load(example.CONFIG).compiled_policy()
    # As built with the Python of the functions' runtime: with bytecode.
    built = package(policy, runtime=f"python{sys.version_info.major}.{sys.version_info.minor}")
    yield Figure("package_bytes", len(built.content), "bytes", limit=6_000_000)
    yield _worst("cold_start_ratio", cold_start_ratios(built), limit=0.85)
    yield _worst("cold_start_ratio_without_bytecode", cold_start_ratios(package(policy, runtime="another")))


def _worst(name: str, ratios: Mapping[str, float], limit: float | None = None) -> Figure:
    others = {handler.rpartition(".")[2]: ratio for handler, ratio in ratios.items()}
    return Figure(name, max(ratios.values()), "times that with plain boto3", limit, others=others)


def cold_start_ratios(built: Package) -> dict[str, float]:
    """The processor time to import the handlers and create the clients of a function's first event: medians of pairs.

    Each is divided by that with plain boto3: the whole of boto3 and botocore, which have bytecode, as those of Lambda's
    runtime, and a package that has none. A function cannot write bytecode beside its package, which is read-only.
    """
    with tempfile.TemporaryDirectory() as name:
        own, without = Path(name) / "own", Path(name) / "without"
        with zipfile.ZipFile(io.BytesIO(built.content)) as archive:
            archive.extractall(own)
        shutil.copytree(own, without, ignore=shutil.ignore_patterns(*_SDK, "six.py", "__pycache__"))
        installed = sysconfig.get_path("purelib")
        return {
            handler: statistics.median(
                _pair(_code(_PACKAGED, services, str(own)), _code(_RUNTIMES_OWN, services, str(without), installed))
                for _ in range(PAIRS)
            )
            for handler, services in SERVICES.items()
        }


def _pair(packaged: str, runtimes_own: str) -> float:
    start = _processor_seconds("pass")
    return (_processor_seconds(packaged) - start) / (_processor_seconds(runtimes_own) - start)


def _code(sdk: str, services: tuple[str, ...], *path: str) -> str:
    keys = "aws_access_key_id='a', aws_secret_access_key='b'"
    return (
        f"import sys; sys.path[:0] = {list(path)!r}\n{sdk}\nimport hub.runtime.handlers\n"
        f"for service in {services!r}: make(service, region_name='eu-central-1', {keys})"
    )


def _processor_seconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # -B: measuring must not write the bytecode that is missing. -I, -S: nothing else is on the path.
    subprocess.run([sys.executable, "-I", "-S", "-B", "-c", code], check=True, cwd=tempfile.gettempdir())  # noqa: S603 - our own code
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
