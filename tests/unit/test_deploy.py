"""What an operator deploys beside the code."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_apparmor_profile_is_one_that_the_parser_takes() -> None:
    parser = shutil.which("apparmor_parser", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if parser is None and not os.environ.get("CI"):
        pytest.skip("there is no apparmor_parser on this machine (Debian: apparmor)")
    assert parser is not None
    profile = DEPLOY / "apparmor/windtunnel-sandbox"
    subprocess.run([parser, "--skip-kernel-load", "--skip-cache", "--quiet", profile], check=True)
