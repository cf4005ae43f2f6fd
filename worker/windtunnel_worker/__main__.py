"""`python -m windtunnel_worker ROLE`: one role of a Windtunnel host in the foreground."""

from windtunnel_worker.celery.roles import main

main()
