"""The way to a target's manager: over the network, or in this process. The code that uses it cannot tell which."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from penstock.client import Credentials, Manager, asgi_transport, find_credentials
from penstock.errors import NotFound
from penstock.settings.table import nearest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from penstock.model import Instance
    from penstock.settings import Settings, TargetSettings

_IN_PROCESS = "http://localhost"


@asynccontextmanager
async def open_session(
    settings: Settings, target: TargetSettings, *, cacert: Path | None = None
) -> AsyncIterator[Manager]:
    """The target's manager, open. cacert: a flag's, before the target's own.

    Without a URL it is the manager of this process, whose deployments are finished before this ends.
    Raises CredentialError where there is nobody to be, MissingExtra where this Penstock has no manager in it.
    """
    if target.manager:
        credentials = find_credentials(target, environ=os.environ, trusted_url=False)
        async with Manager(target.manager, credentials=credentials, cacert=cacert or target.cacert) as manager:
            yield manager
        return
    from penstock.cli.embedded import open_embedded

    embedded = open_embedded(settings)
    try:
        user, password = embedded.session_credentials()
        transport = asgi_transport(embedded.app)
        credentials = Credentials(user=user, password=password)
        async with Manager(
            _IN_PROCESS, credentials=credentials, transport=transport, called="the manager in this process"
        ) as manager:
            yield manager
    finally:
        await asyncio.to_thread(embedded.close)


async def find_instance(manager: Manager, name: str) -> Instance:
    """The manager's instance of that name or uid. Raises NotFound with the nearest name."""
    instances = await manager.instances()
    for instance in instances:
        if name in (instance.name, instance.uid):
            return instance
    names = [instance.name for instance in instances]
    guess = nearest(name, names)
    raise NotFound(
        f"{manager.called} has no instance {name!r}",
        way_out=f"Did you mean {guess!r}?" if guess else f"It has: {', '.join(names) or 'none'}.",
    )
