"""Bytecode of the packaged modules, as Python writes it into `__pycache__`. Pure.

Lambda cannot write it beside the package, which is read-only, so a cold start would compile every module that it
imports. Bytecode is for one minor version of Python (PEP 3147). Python ignores that of another version, and compiles
the source. AWS advises against bytecode because a build machine may differ from Lambda ("Working with .zip file
archives for Python Lambda functions", https://docs.aws.amazon.com/lambda/latest/dg/python-package.html), so it is only
packed if the versions are equal. It does not depend on the processor.
"""

from __future__ import annotations

import importlib.util
import marshal
import sys
from pathlib import PurePosixPath
from typing import Final

# Where Lambda unpacks a package: the page above, "Dependency search path and runtime-included libraries".
_TASK_ROOT: Final = PurePosixPath("/var/task")
# A hash-based pyc whose source Python does not read again (PEP 552). The package's digest covers both.
_UNCHECKED: Final = (0b01).to_bytes(4, "little")
# Later versions of the format mark objects that something else refers to, too, so that the bytes depend on what the
# process did before.
_FORMAT: Final = 2


def is_for(runtime: str) -> bool:
    """Whether this Python writes bytecode for a runtime of Lambda, such as `python3.13`."""
    return runtime == f"python{sys.version_info.major}.{sys.version_info.minor}"


def compiled(path: str, source: bytes) -> tuple[str, bytes]:
    """The path and the content of the bytecode of a module."""
    place = PurePosixPath(path)
    code = compile(source, str(_TASK_ROOT / place), "exec", dont_inherit=True, optimize=0)
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source)
    name = f"{place.stem}.{sys.implementation.cache_tag}.pyc"
    return str(place.parent / "__pycache__" / name), header + marshal.dumps(code, _FORMAT)
