"""Every command in a line: what help and shell completion say of it, and where it is. Imports nothing.

Help and completion must not wait for thirty modules; a test holds each line against the command's own docstring.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A command, or a group of them."""

    module: str
    """The module of `windtunnel.cli` with a function of the command's name, or with the group as `app`."""
    line: str


GROUPS = ("datasets", "store", "archive")
HOST_COMMANDS = {
    "up": "Run the whole stack on this host in the foreground; Ctrl-C stops all of it.",
    "image": "Sandbox images with libraries of your own, on this execution host.",
}
"""What the host's side adds, by entry point; without it these commands say what to install."""

COMMANDS = {
    "run": Entry("submitting", "Run one program, wait for it and print its report."),
    "submit": Entry("submitting", "Submit programs as one batch and print its id."),
    "sweep": Entry("sweeping", "Run one program with every point of a grid, as one batch."),
    "validate": Entry("validate", "Judge programs without running them."),
    "status": Entry("reading", "Show where a job or a batch stands."),
    "watch": Entry("following", "Follow a job to its report, or a batch to its end."),
    "report": Entry(
        "reading", "Print a job's report, or those of a batch (JSON: one a line), or write them as a page."
    ),
    "check": Entry("submitting", "Run a job again on changed data and say whether its positions know the future."),
    "promote": Entry(
        "submitting", "Run a job's program once on all of its data, and score it on the bars that are held out."
    ),
    "repro": Entry("results", "Run a job again on the same data and compare."),
    "leaderboard": Entry(
        "results", "Rank a batch by what Windtunnel computed, and say how much of it luck alone explains."
    ),
    "errors": Entry("results", "Group a batch's failures by what went wrong, with what to do about each."),
    "compare": Entry("results", "Show the figures of two jobs beside each other, and in what they differ."),
    "export": Entry(
        "results", "Write the reports of a batch into a file, with the same columns of the same types for every batch."
    ),
    "history": Entry(
        "reading", "Print every transition of a job: when, how long after the one before, what, and who made it."
    ),
    "stats": Entry(
        "reading",
        "Show what the whole queue holds: ready, running, waiting by owner and priority, the oldest, outcomes.",
    ),
    "retry": Entry(
        "changing", "Run finished jobs again, each as a new attempt; of a batch, by default, all that did not succeed."
    ),
    "cancel": Entry("changing", "Cancel a job, or all jobs of a batch that have not ended."),
    "hosts": Entry(
        "machinery", "List the execution hosts of the last day: slots, what each has, and why one does not take work."
    ),
    "drain": Entry(
        "machinery", "Have a host finish what it runs and take no further work, for example before it is switched off."
    ),
    "undrain": Entry("machinery", "Have a host take work again, also one that paused itself."),
    "dead": Entry("machinery", "List messages that no worker could read."),
    "artifacts": Entry("storing", "List the files that a job's program left, or write them into a folder."),
    "mcp": Entry(
        "agents", "Give agents tools over the Model Context Protocol: by stdio, for one agent, or by HTTP with tokens."
    ),
    "doctor": Entry(
        "doctor",
        "Look at Redis, the workers of each queue, the hosts, Docker and the image; say how to fix what is not well.",
    ),
    "datasets": Entry("datasets", "Add datasets, and see what is known of them."),
    "store": Entry("storing", "The store of datasets and artifacts."),
    "archive": Entry("archiving", "The archive of finished reports."),
}
