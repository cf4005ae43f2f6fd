"""Measures what a batch's artifacts cost Redis: nothing but their names, as the bytes go to the store.

`python benchmarks/artifacts.py 300` runs that many jobs that leave one byte each, then as many that leave 1 MB each,
in a stack of its own, and prints the bytes of all keys in Redis that each job of either batch added. The store, of as
many MB as there are jobs, is removed at the end.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile

import redis
from pipeline import stack  # type: ignore[import-not-found, unused-ignore]

from windtunnel import Client, Job, Outcome

PROGRAM = """
import numpy as np
with open("left.dat", "wb") as file:
    file.write(np.random.default_rng(params["number"]).bytes(params["size"]))
"""
SIZES = {"1 byte": 1, "1 MB": 2**20}
FREE_GB = 20
MOST_GROWTH = 64
"""Bytes by which a job's records may differ: its numbers have more digits."""


def run(client: Client, jobs: int, size: int) -> int:
    """Run a batch and return the bytes of the artifacts that its reports name."""
    batch = client.submit_batch(
        [Job(code=PROGRAM, params={"number": number, "size": size}) for number in range(jobs)], isolation="cell"
    )
    status = client.wait(batch, timeout=60 + jobs)
    if status.outcomes != {Outcome.SUCCEEDED: jobs}:
        raise SystemExit(f"Not every job succeeded: {status.outcomes}")
    return sum(one.bytes for report in client.reports(batch) if report.execution for one in report.execution.artifacts)


def bytes_of_keys(url: str) -> int:
    """What all keys in Redis take, with all that is in them."""
    with redis.Redis.from_url(url) as connection:
        return sum(int(connection.memory_usage(key, samples=0) or 0) for key in connection.scan_iter(count=1000))


def main() -> None:
    """Both batches; exit code 1 where large artifacts make the records larger."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jobs", type=int, nargs="?", default=300, help="of each batch (default 300)")
    jobs = parser.parse_args().jobs
    if shutil.disk_usage(tempfile.gettempdir()).free < FREE_GB * 2**30 + jobs * 2**20:
        raise SystemExit(f"Less than {FREE_GB} GB would be left free in {tempfile.gettempdir()}.")
    each = {}
    with stack() as running, Client(running.url) as client:
        run(client, 20, 1)  # what there is once for all batches is there before anything is counted
        for label, size in SIZES.items():
            before = bytes_of_keys(running.url)
            left = run(client, jobs, size)
            each[label] = (bytes_of_keys(running.url) - before) / jobs
            print(
                f"{jobs:,} jobs with {label} each: {left:,} bytes in the store, {each[label]:,.0f} bytes of Redis a job"
            )
    growth = each["1 MB"] - each["1 byte"]
    print(f"1 MB more of artifacts adds {growth:,.0f} bytes to a job's records; 10,000 jobs take "
          f"{each['1 MB'] * 10_000 / 2**20:,.0f} MB of Redis")  # fmt: skip
    if growth > MOST_GROWTH:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
