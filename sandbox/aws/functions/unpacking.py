"""The files of a package, as an execution environment has them."""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path


@cache
def unpacked(code: bytes) -> Path:
    """Unpack a package into a folder that exists as long as this process; the folder."""
    root = Path(tempfile.mkdtemp(prefix="functions-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    with zipfile.ZipFile(io.BytesIO(code)) as package:
        package.extractall(root)
    return root
