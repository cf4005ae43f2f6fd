"""Mounts datasets by a path that says nothing of them: a sandbox sees where its mounts come from."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = "mounted"


def neutral_path(file: Path) -> Path:
    """A hard link to a dataset's file, named by its inode, which a program sees anyway.

    One a file, whoever mounts it, so that the number of links tells nothing. Where the file system has no hard links
    it is the file itself.
    """
    folder = file.parent / FOLDER
    try:
        link = folder / str(file.stat().st_ino)
        if not link.exists():
            folder.mkdir(mode=0o711, exist_ok=True)  # other users of the host may not list it
            _remove_left_over(folder)
            with suppress(FileExistsError):
                os.link(file, link)
    except OSError as error:
        log.warning("action=mounted-by-its-name file=%s reason=%s", file.name, error)
        return file
    return link


def _remove_left_over(folder: Path) -> None:
    """Remove the links to files that are gone."""
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):  # another slot was faster
            if entry.stat(follow_symlinks=False).st_nlink == 1:
                os.unlink(entry)
