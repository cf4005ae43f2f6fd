"""Takes the README's pictures from a running stack: a batch's report, and the same jobs in Flower (`make pictures`)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from examples import demo
from tests.browser import Browser

from windtunnel import Isolation

PICTURES = Path(__file__).parents[1] / "pictures"
WIDTH, HEIGHT = 1440, 900


def main() -> None:
    """Write the pictures."""
    swept, single = demo.batches()
    flower = demo.free_port()
    with tempfile.TemporaryDirectory(prefix="windtunnel-pictures-") as folder:
        state = Path(folder)
        with demo.stack(state, flower) as client, Browser(state / "browser") as browser:
            browser.width(WIDTH, HEIGHT)
            jobs = [job for job, _ in (*swept, *single)]
            batch = client.submit_batch(jobs, name="first-ideas", isolation=Isolation.CELL)
            client.wait(batch)
            page = state / "report.html"
            page.write_text(client.page(batch), "utf-8")
            browser.open(page)
            browser.picture(PICTURES / "report.png", whole=False)
            browser.open(f"http://127.0.0.1:{flower}/tasks")
            browser.until("document.querySelectorAll('#tasks-table tbody tr').length > 3")
            browser.picture(PICTURES / "flower.png", whole=False)


if __name__ == "__main__":
    main()
