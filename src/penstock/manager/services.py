"""What handlers work with, handed to each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from penstock.manager.fleet import Fleet
    from penstock.manager.gate import Gate
    from penstock.manager.publisher import Publisher
    from penstock.manager.store.database import Database


@dataclass(frozen=True, slots=True)
class Services:
    """The manager's parts. end_word: what `status` says of a deployment that went well."""

    database: Database
    fleet: Fleet
    publisher: Publisher
    gate: Gate
    clock: Callable[[], datetime]
    end_word: str
