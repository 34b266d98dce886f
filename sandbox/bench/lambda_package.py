"""How large the Lambda package is, and how long importing it takes."""

from __future__ import annotations

import compileall
import io
import resource
import statistics
import subprocess
import sys
import tempfile
import zipfile
from typing import TYPE_CHECKING, Final

from hub.package import package
from hub.runtime import contract
from orgdns.config.load import load
from sandbox import example

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.package import Package
from sandbox.bench.figures import Figure

PAIRS: Final = 15
# The module that Lambda imports.
HANDLERS: Final = contract.OBSERVER_HANDLER.rpartition(".")[0]


def figures() -> Iterator[Figure]:
    """The package's size, and what a cold import of the handlers costs."""
    built = package(load(example.CONFIG).compiled_policy())
    yield Figure("package_bytes", len(built.content), "bytes", limit=2_000_000)
    unit = "times importing boto3"
    yield Figure("cold_import_ratio", cold_import_ratio(built, bytecode=True), unit, limit=1.5)
    yield Figure("cold_import_ratio_without_bytecode", cold_import_ratio(built, bytecode=False), unit)


def cold_import_ratio(built: Package, *, bytecode: bool) -> float:
    """The processor time of importing the handlers, divided by that of importing boto3: the median of pairs in turn.

    boto3 has its bytecode, as in Lambda's runtime. With `bytecode` the package has bytecode too, so that the two
    compare. Without, it is as in Lambda, where a function cannot write bytecode beside its read-only package.
    """
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(built.content)) as archive:
            archive.extractall(folder)
        if bytecode:
            compileall.compile_dir(folder, quiet=2)
        handlers = f"import sys; sys.path.insert(0, {folder!r}); import {HANDLERS}"
        ratios = []
        for _ in range(PAIRS):
            start = _processor_seconds("pass")
            ratios.append((_processor_seconds(handlers) - start) / (_processor_seconds("import boto3") - start))
    return statistics.median(ratios)


def _processor_seconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # -B: measuring must not write the bytecode that is missing.
    subprocess.run([sys.executable, "-B", "-c", code], check=True, cwd=tempfile.gettempdir())  # noqa: S603 - our own code
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
