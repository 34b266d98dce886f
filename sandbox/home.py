"""The files with which a person uses the sandbox's server: AWS profiles, VPCs, and commands to copy."""

from __future__ import annotations

import io
import os
import tempfile
from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.world import World


class CannotStart(Exception):
    """The sandbox cannot start until a person changes something. The message says what."""


def aws_config(made: World, profiles: Mapping[str, str], region: str, endpoint: str) -> str:
    """An AWS configuration file with a profile for each account, with an administrator's key.

    "Configuration and credential file settings in the AWS CLI"
    (https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html).
    """
    parser = ConfigParser(interpolation=None)
    for account, profile in profiles.items():
        key_id, secret = made.access_key(account)
        parser[f"profile {profile}"] = {
            "region": region,
            "endpoint_url": endpoint,
            "aws_access_key_id": key_id,
            "aws_secret_access_key": secret,
            "cli_pager": "",
        }
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, like the AWS command line's own files.

    The file is a new one, which takes the place of what was there: nobody has it open, and a link is not followed.

    Raises:
        CannotStart: if the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError as fault:
        raise CannotStart(f"{path}: {fault.strerror}; choose another folder with --home") from fault
