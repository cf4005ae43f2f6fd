"""The API of a trading app: submit jobs, follow them, read reports, retry. For threads and for asyncio.

`sync.Client` is put together from `submitting` and `reporting`; `aio.AsyncClient` runs the same operations in threads.
The other modules do one thing each for them.
"""

from windtunnel.client.aio import AsyncClient
from windtunnel.client.ids import BatchId, JobId, is_job
from windtunnel.client.sync import Client

__all__ = ["AsyncClient", "BatchId", "Client", "JobId", "is_job"]
