"""Take a picture of an HTML file: `python -m tests.support.browser.screenshot FILE.html PICTURE.png`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.support.browser.session import browser

if __name__ == "__main__":
    file, picture = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as profile, browser(Path(profile)) as opened:
        opened.devtools(
            "Emulation.setDeviceMetricsOverride", width=1280, height=1800, deviceScaleFactor=0.75, mobile=False
        )
        opened.open(file.resolve())
        picture.write_bytes(opened.screenshot())
