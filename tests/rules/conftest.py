"""What the tests of the rules share."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `example.crt` and `example.key`, which good examples may name."""
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += [
        "-keyout",
        f"{folder}/example.key",
        "-out",
        f"{folder}/example.crt",
        "-days",
        "2",
        "-subj",
        "/CN=example",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return folder
