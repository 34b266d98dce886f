"""`orgdns` at a terminal, as an operator sees it: a pseudo-terminal of a given width."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.cli.command import Command
from tests.support.running import forked

# Select Graphic Rendition: colors, bold, dim.
STYLES = re.compile(r"\x1b\[[0-9;]*m")
# What moves the cursor, and hides it.
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-LN-Za-ln-z]")


def at_terminal(
    command: Command,
    *arguments: str,
    columns: int = 80,
    code: int = 0,
    progress: bool = False,
    environment: Mapping[str, str] | None = None,
) -> str:
    """What the command shows at a terminal: standard output, and with `progress` also standard error."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with Path(os.devnull).open("r+") as nothing, ThreadPoolExecutor(1) as reader:
        everything = reader.submit(_everything, parent)
        returned = forked.run(
            [*command.subcommand, *arguments],
            command.environment | {"TERM": "xterm-256color"} | dict(environment or {}),
            command.folder,
            (nothing.fileno(), child, child if progress else nothing.fileno()),
        )
        os.close(child)
        shown = everything.result()
    os.close(parent)
    assert returned == code, shown
    # The terminal turns each newline into these two characters.
    return shown.replace("\r\n", "\n")


def plain(shown: str) -> str:
    """The text alone, without colors."""
    return STYLES.sub("", shown)


def _everything(parent: int) -> str:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(parent, 65_536)
        except OSError:
            # Linux reports the end of a terminal as an error of the device.
            part = b""
        if not part:
            return b"".join(parts).decode()
        parts.append(part)
