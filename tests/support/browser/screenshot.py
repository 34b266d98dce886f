"""Take a picture of an HTML file: `python -m tests.support.browser.screenshot FILE.html PICTURE.png`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.support.browser.session import browser

if __name__ == "__main__":
    file, picture = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as profile, browser(Path(profile), 1280, 1100) as opened:
        opened.open(file.resolve())
        picture.write_bytes(opened.screenshot())
