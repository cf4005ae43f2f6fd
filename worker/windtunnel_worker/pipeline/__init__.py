"""What happens to a job: validate, execute, finalize, reconcile. Knows nothing of Celery, Redis or Docker.

Its collaborators are handed in: the records, a validator, an executor, and who wakes the stages.
"""

from windtunnel_worker.pipeline.pipeline import Pipeline
from windtunnel_worker.pipeline.terms import Terms

__all__ = ["Pipeline", "Terms"]
