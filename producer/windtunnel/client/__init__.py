"""The trading app's face: submit, follow, read, retry; for threads and for asyncio."""

from windtunnel.client.aio import AsyncClient
from windtunnel.client.ids import BatchId, JobId, is_job
from windtunnel.client.sync import Client

__all__ = ["AsyncClient", "BatchId", "Client", "JobId", "is_job"]
