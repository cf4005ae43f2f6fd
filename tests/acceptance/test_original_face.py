"""The documented use of the original single-process system still works: `original_face.py` prints PASS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import environment


@pytest.mark.usefixtures("docker_engine")
def test_the_original_face() -> None:
    script = Path(__file__).parent / "original_face.py"
    done = subprocess.run([sys.executable, script], env=environment(), capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["PASS"], done.stdout + done.stderr
