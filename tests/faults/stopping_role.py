"""A role that stops at a named step, to be killed there. A program: the step, `before` or `after` it, then the role."""

from __future__ import annotations

import sys

from tests.faults.slot import stop_at

from windtunnel_worker.celery.roles import main

if __name__ == "__main__":
    place, when, *role = sys.argv[1:]
    stop_at(place, when)
    main(role)
