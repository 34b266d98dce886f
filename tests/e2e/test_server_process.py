"""The server as a command: how it starts, refuses to start, and ends."""

from __future__ import annotations

import socket
from pathlib import Path

from sandbox import example
from sandbox.aws.resolution.server import LOOPBACK
from tests.support.served import finished


def test_used_api_port_is_reported(tmp_path: Path) -> None:
    """A line on stderr names the port and what to do."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        end = finished("--port", str(port), "--home", str(tmp_path))
    assert end.returncode == 2
    assert end.stderr == f"{LOOPBACK}:{port}: Address already in use; choose another port with --port\n"


def test_used_dns_port_is_reported(tmp_path: Path) -> None:
    """A line on stderr names the port and what to do."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        port = taken.getsockname()[1]
        end = finished("--port", "0", "--dns-port", str(port), "--home", str(tmp_path))
    assert end.returncode == 2
    assert end.stderr == f"{LOOPBACK}:{port}: Address already in use; choose other ports with --dns-port\n"


def test_invalid_configuration_is_reported(tmp_path: Path) -> None:
    """Each fault of the configuration is a line on stderr."""
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(example.CONFIG.read_text().replace("region: eu-central-1", "region: moon-1"))
    end = finished("--config", str(faulty), "--home", str(tmp_path))
    assert end.returncode == 2
    assert "hub.region: 'moon-1' is not an AWS region" in end.stderr
    assert "Traceback" not in end.stderr
