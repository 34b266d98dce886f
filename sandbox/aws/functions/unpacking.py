"""The files of a package, as an execution environment has them."""

from __future__ import annotations

import atexit
import io
import os
import shutil
import tempfile
import zipfile
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

# Where a file of a package was first unpacked, by its path and content.
_UNPACKED: Final[dict[tuple[str, bytes], Path]] = {}


@cache
def unpacked(code: bytes) -> Path:
    """Unpack a package into a folder that exists as long as this process; the folder.

    Packages differ in a file or two. The others are linked, with the bytecode that the first functions compiled.
    """
    root = Path(tempfile.mkdtemp(prefix="functions-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    with zipfile.ZipFile(io.BytesIO(code)) as package:
        names = package.namelist()
        # A package that is built with the functions' own Python brings its bytecode.
        brings = any(name.endswith(".pyc") for name in names)
        for name in names:
            content = package.read(name)
            first = _UNPACKED.get((name, content))
            if first is None:
                _UNPACKED[name, content] = Path(package.extract(name, root))
                continue
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(first, path)
            if name.endswith(".py") and not brings and (compiled := Path(cache_from_source(str(first)))).exists():
                target = Path(cache_from_source(str(path)))
                target.parent.mkdir(exist_ok=True)
                os.link(compiled, target)
    return root
