"""The Lambda package of the example, for the tests of what it contains."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from hub.package import Package, package
from tests.support.build import example_policy


@pytest.fixture(scope="session")
def built() -> Package:
    return package(example_policy())


@pytest.fixture(scope="session")
def unzipped(built: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(io.BytesIO(built.content)) as archive:
        archive.extractall(folder)
    return folder
