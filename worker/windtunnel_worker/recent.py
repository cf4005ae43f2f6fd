"""A small cache. Imports nothing from the project."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The values that were used last, up to a total size; the newest is kept even if it is larger than that.

    Safe between threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        """Each value with its size, the one that was used last at the end."""
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """The value, or None if it is not kept."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def keep(self, key: K, value: V, size: int = 1) -> V:
        """Keep a value, and forget those that were not used for longest where room is needed."""
        with self._lock:
            self._kept[key] = value, size
            while sum(size for _, size in self._kept.values()) > self._most and len(self._kept) > 1:
                self._kept.popitem(last=False)
        return value
