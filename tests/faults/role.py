"""A role whose worker takes no part in reconciling: what does not happen then is its doing. A program."""

from __future__ import annotations

from unittest.mock import patch

from windtunnel_worker.celery.roles import main
from windtunnel_worker.pipeline import Pipeline

if __name__ == "__main__":
    with patch.object(Pipeline, "reconcile", return_value=False):
        main()
