"""The trading app's face: submit, follow, read, retry; for threads and for asyncio."""

from windtunnel.client.aio import AsyncClient
from windtunnel.client.sync import BatchId, Client, JobId, is_job

__all__ = ["AsyncClient", "BatchId", "Client", "JobId", "is_job"]
