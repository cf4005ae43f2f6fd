"""Every command with its line of help and its module. Imports nothing from the project.

Help and shell completion must not load thirty modules. A test compares each line with the command's docstring.
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
    "up": "Run the whole stack on this host in the foreground, until Ctrl-C.",
    "image": "Build and list sandbox images with additional libraries, on an execution host.",
}
"""Commands that an execution host adds through an entry point; elsewhere they say what to install."""

COMMANDS = {
    "run": Entry("submitting", "Run one program, wait for it and print its report."),
    "submit": Entry("submitting", "Submit programs as one batch and print its id."),
    "sweep": Entry("sweeping", "Run one program with every combination of parameter values, as one batch."),
    "validate": Entry("validate", "Check programs without running them."),
    "status": Entry("reading", "Show the status of a job or a batch, or list the newest batches."),
    "watch": Entry("following", "Follow a job or a batch until it ends."),
    "report": Entry("reading", "Print the report of a job, or those of a batch, or write them as an HTML page."),
    "check": Entry("submitting", "Check a job for look-ahead: run it again on changed data."),
    "promote": Entry("submitting", "Score a job's program, once, on bars that were held out."),
    "repro": Entry("results", "Run a job again on the same data and compare."),
    "leaderboard": Entry("results", "Rank the jobs of a batch, and say how much of it luck alone explains."),
    "errors": Entry("results", "Group the failures of a batch by what went wrong, with a remedy for each."),
    "compare": Entry("results", "Compare two jobs side by side."),
    "export": Entry("results", "Write the reports of a batch to a CSV, Parquet or JSON file."),
    "history": Entry("reading", "Print every change of a job's state, with the time and who made it."),
    "stats": Entry("reading", "Show the state of the whole queue."),
    "retry": Entry("changing", "Run finished jobs again; of a batch, by default, those that did not succeed."),
    "cancel": Entry("changing", "Cancel a job, or all jobs of a batch that have not ended."),
    "hosts": Entry("machinery", "List the execution hosts seen within the last day."),
    "drain": Entry("machinery", "Let a host finish the jobs it runs and take no new ones."),
    "undrain": Entry("machinery", "Let a host take jobs again, also one that paused itself."),
    "dead": Entry("machinery", "List messages that no worker could read, and webhooks that were given up."),
    "artifacts": Entry("storing", "List the files that a job's program left, or write them into a folder."),
    "mcp": Entry("agents", "Serve tools for AI agents over the Model Context Protocol."),
    "doctor": Entry("doctor", "Check everything that a job passes through, and say how to fix what is wrong."),
    "datasets": Entry("datasets", "Add, inspect and remove datasets."),
    "store": Entry("storing", "Clean up the store of datasets and artifacts."),
    "archive": Entry("archiving", "List and compact the archive of finished reports."),
}
