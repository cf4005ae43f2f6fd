"""The app's web side. Run it from the project's folder: `uvicorn examples.trading_app.app:app`.

It has no log-in: put it behind yours, or keep it on this machine.
"""

from __future__ import annotations

import logging
from asyncio import gather
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

from windtunnel import AsyncClient, InvalidInput, NotFound, Outcome, QueueFull, StoreUnavailable, WindtunnelError
from windtunnel.analysis.clusters import Cluster
from windtunnel.analysis.leaderboard import Leaderboard, Row
from windtunnel.contract import BatchStatus

from .ideas import IDEAS

STATIC = Path(__file__).parent / "static"
OWNER = "trading-app"
log = logging.getLogger(__name__)
MOST_ROWS, MOST_BATCHES = 10, 50
EVENT_ID = r"^\d+(-\d+)?$"
FAILURES = tuple(one for one in Outcome if one not in (Outcome.SUCCEEDED, Outcome.CANCELLED))
STATUS_CODES: dict[type[WindtunnelError], int] = {InvalidInput: 422, NotFound: 404, QueueFull: 503}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """One client for the whole process."""
    async with AsyncClient() as client:
        app.state.client = client
        yield


app = FastAPI(title="Trading app", lifespan=lifespan)
app.mount("/static", StaticFiles(directory=STATIC))


@app.exception_handler(WindtunnelError)
async def tell(_: Request, error: WindtunnelError) -> JSONResponse:
    """Every error of Windtunnel says what to do."""
    codes = (code for kind, code in STATUS_CODES.items() if isinstance(error, kind))
    return JSONResponse({"detail": str(error)}, next(codes, 503))


def _client(request: Request) -> AsyncClient:
    client: AsyncClient = request.app.state.client
    return client


Tunnel = Annotated[AsyncClient, Depends(_client)]


def _own_page(sec_fetch_site: Annotated[str, Header()] = "none") -> None:
    """Refuse what another site's page has the user's browser send."""
    if sec_fetch_site not in ("same-origin", "none"):
        raise HTTPException(403, "Only this app's own page may do that.")


OWN_PAGE = [Depends(_own_page)]


class Backtest(BaseModel):
    """What the form sends."""

    idea: str
    dataset: str
    values: dict[str, str]
    key: str = Field(min_length=8, max_length=64)
    """Made once for each filled-in form: sent twice, it starts one batch."""


@app.get("/")
async def index() -> FileResponse:
    """The page."""
    return FileResponse(
        STATIC / "index.html", headers={"Content-Security-Policy": "default-src 'self'; img-src 'self' data:"}
    )


@app.get("/api/choices")
async def choices(tunnel: Tunnel) -> dict[str, Any]:
    """What the form offers."""
    return {
        "ideas": {name: {"title": idea.title, "values": idea.values} for name, idea in IDEAS.items()},
        "datasets": [one.name for one in await tunnel.datasets.list()],
    }


@app.get("/api/backtests")
async def backtests(tunnel: Tunnel) -> list[dict[str, Any]]:
    """The app's newest batches."""
    return [_status(one) for one in await tunnel.batches(MOST_BATCHES, owner=OWNER)]


@app.post("/api/backtests", status_code=201, dependencies=OWN_PAGE)
async def start(wanted: Backtest, tunnel: Tunnel) -> dict[str, Any]:
    """Enqueue every variant of an idea as one batch."""
    if wanted.idea not in IDEAS:
        raise HTTPException(422, f"There is no idea {wanted.idea!r}.")
    try:
        jobs = IDEAS[wanted.idea].variants(wanted.dataset, wanted.values)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    batch = await tunnel.submit_batch(
        jobs, name=wanted.idea, owner=OWNER, isolation="cell", idempotency_key=f"{OWNER}-{wanted.key}"
    )
    return _status(await tunnel.status(batch))


@app.get("/api/backtests/{batch}")
async def backtest(batch: str, tunnel: Tunnel) -> dict[str, Any]:
    """Where a batch stands, its best variants and its failures by kind."""
    status = await _batch(tunnel, batch)
    board, kinds = await gather(tunnel.leaderboard(batch), tunnel.errors(batch))
    return {**_status(status), **findings(board, kinds)}


@app.get("/api/backtests/{batch}/events")
async def events(
    batch: str,
    tunnel: Tunnel,
    after: Annotated[str, Query(pattern=EVENT_ID)] = "0",
    last_event_id: Annotated[str | None, Header(pattern=EVENT_ID)] = None,
) -> StreamingResponse:
    """Progress as server-sent events; a browser that lost its connection goes on where it stopped."""
    await _batch(tunnel, batch)  # an unknown one is told before the stream begins

    async def lines() -> AsyncIterator[str]:
        try:
            async for event in tunnel.stream(batch, after=last_event_id or after):
                yield f"id: {event.id}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"
            yield "event: end\ndata: {}\n\n"
        except StoreUnavailable as error:  # the page connects again, and goes on after the last event it got
            log.warning("The stream of %s ended: %s", batch, error)

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


@app.post("/api/backtests/{batch}/retry", dependencies=OWN_PAGE)
async def retry(batch: str, tunnel: Tunnel) -> dict[str, int]:
    """Run again what failed; what was cancelled stays so."""
    return {"retried": len(await tunnel.retry(batch, outcomes=FAILURES))}


@app.post("/api/backtests/{batch}/cancel", dependencies=OWN_PAGE)
async def cancel(batch: str, tunnel: Tunnel) -> dict[str, int]:
    """Stop what has not ended."""
    return {"cancelled": await tunnel.cancel(batch)}


@app.get("/backtests/{batch}/report")
async def report(batch: str, tunnel: Tunnel) -> HTMLResponse:
    """The whole report as one page."""
    return HTMLResponse(await tunnel.page(batch))


async def _batch(tunnel: AsyncClient, batch: str) -> BatchStatus:
    status = await tunnel.status(batch)
    if not isinstance(status, BatchStatus):
        raise HTTPException(404, "This is a job, not a batch.")
    return status


def _status(status: BatchStatus) -> dict[str, Any]:
    return {**status.model_dump(mode="json"), "done": status.done}


def findings(board: Leaderboard, kinds: Sequence[Cluster]) -> dict[str, Any]:
    """The best variants by what Windtunnel computed, and the failures by kind."""
    return {
        "verdict": board.verdict,
        "ranked": [_row(row) for row in board.ranked[:MOST_ROWS]],
        "unscored": len(board.self_reported),
        "failures": [
            {"count": kind.count, "type": kind.failure.type, "message": kind.message[:300], "fix": kind.remedy}
            for kind in kinds[:MOST_ROWS]
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    found = row.score.metrics
    return {
        "rank": row.rank,
        "params": row.report.params,
        "sharpe": found.sharpe,
        "probability": row.beyond_market,
        "total_return": found.total_return,
        "max_drawdown": found.max_drawdown,
    }
