"""Pages of a list: `limit` and `offset`, or `page` and `pageSize`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from penstock.api.endpoints import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from penstock.manager.web import Call

T = TypeVar("T")

_EVENT_PAGE_SIZE = 100  # of the dialect with page and pageSize


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a list. size: None for all that is left."""

    start: int
    size: int | None

    def of(self, items: Sequence[T]) -> Sequence[T]:
        """The items on this page."""
        return items[self.start :] if self.size is None else items[self.start : self.start + self.size]


def page_of(call: Call[Any]) -> Page:
    """The page that was asked for; the whole list where nothing was said.

    NIM answers 25 then, which silently cuts off the look-ups of clients that say nothing.
    """
    limit, offset, page, page_size = (call.number(name) for name in ("limit", "offset", "page", "pageSize"))
    if page is not None or page_size is not None:
        size = _EVENT_PAGE_SIZE if page_size is None else page_size
        return Page(0, None) if size == 0 else Page((max(page or 1, 1) - 1) * size, size)
    if limit is None and offset is None:
        return Page(0, None)
    return Page(offset or 0, PAGE_SIZE if limit is None else limit)
