"""What programs take for granted of the machine they run on, made true in a sandbox.

Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import math
import os


def settle(cpus: float) -> None:
    """Have programs see the cores they were given: `n_jobs=-1` would start a worker for each of the host's."""
    count = max(1, math.ceil(cpus))
    if os.cpu_count() != count:
        os.cpu_count = lambda: count
