"""What was made of a content, kept while there is room; each is made once, whoever asks at once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Made = TypeVar("_Made")


class Cache(Generic[_Key, _Made]):
    """The most recently used, bounded by their number and by their weight together.

    What fails is not kept. One that is heavier than all may be is made and not kept.
    """

    def __init__(self, *, max_entries: int, max_weight: int) -> None:
        self._max_entries = max_entries
        self._max_weight = max_weight
        self._lock = threading.Lock()
        self._entries: OrderedDict[_Key, tuple[Future[_Made], int]] = OrderedDict()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def weight(self) -> int:
        """The weight of all that is kept."""
        return self._weight

    def get(self, key: _Key, weight: int, make: Callable[[], _Made]) -> _Made:
        """Give what was made of a key, or make it."""
        future: Future[_Made] = Future()
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            elif weight <= self._max_weight:
                self._entries[key] = (future, weight)
                self._weight += weight
                self._shrink()
        if entry is not None:
            return entry[0].result()
        try:
            made = make()
        except BaseException as error:
            with self._lock:
                self._drop(key, future)
            future.set_exception(error)
            raise
        future.set_result(made)
        return made

    def _shrink(self) -> None:
        while len(self._entries) > self._max_entries or self._weight > self._max_weight:
            _, (_, weight) = self._entries.popitem(last=False)
            self._weight -= weight

    def _drop(self, key: _Key, future: Future[_Made]) -> None:
        entry = self._entries.get(key)
        if entry is not None and entry[0] is future:
            del self._entries[key]
            self._weight -= entry[1]
