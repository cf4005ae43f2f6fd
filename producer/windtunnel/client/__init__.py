"""The trading app's face: submit, follow, read, retry."""

from windtunnel.client.sync import BatchId, Client, JobId, is_job

__all__ = ["BatchId", "Client", "JobId", "is_job"]
