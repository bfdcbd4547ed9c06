"""Manager: what a publish asks of an Instance Manager, in the nouns of the model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from penstock.api import endpoints
from penstock.api.codec import Malformed
from penstock.api.configs import EXTERNAL_ID_LIMIT, Publish, StagedConfigWrite, from_probe, to_live_config
from penstock.api.deployments import Deployment, state_of, to_results
from penstock.api.files import from_file_set
from penstock.api.groups import to_group
from penstock.api.inventory import to_instance
from penstock.api.times import format_time, parse_time
from penstock.client.exchange import Exchange, Sleep, real_sleep
from penstock.errors import StateUnknown, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    import httpx2

    from penstock.api.inventory import InstanceDetail, ListedInstance
    from penstock.client.credentials import Credentials
    from penstock.model import Accepted, Base, Group, Instance, LiveConfig, Result
    from penstock.ports import Probe

_PAGE = 100
_GIT_ID = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """How a publish stands. results: by the uid of a member, or by its name from a manager that gives no uid.

    wordless: the keys of failures whose state the manager did not say (F5's): only the bytes can tell it.
    skipped: names of members that were offline and were sent nothing.
    """

    path: str
    uid: str
    ended: bool
    created_at: datetime
    updated_at: datetime
    message: str
    results: Mapping[str, Result]
    wordless: frozenset[str] = frozenset()
    skipped: tuple[str, ...] = ()

    def of(self, instance: Instance) -> Result | None:
        """How it ended for this instance, or None where it is not among the members."""
        return self.results.get(instance.uid) or self.results.get(instance.name)

    def says_state(self, instance: Instance) -> bool:
        """Whether the manager said in so many words how it ended for this instance."""
        return instance.uid not in self.wordless and instance.name not in self.wordless


class Begun(NamedTuple):
    """A deployment that was asked for. path: to poll. earlier: an earlier request under the same key began it."""

    path: str
    earlier: bool


def _now() -> datetime:
    return datetime.now(UTC)


class Manager:
    """An Instance Manager, F5's or ours. Use it as an async context manager.

    transport: another way to it than the network (`asgi_transport`). called: its name in messages.
    timeout_s: of one request's each step.
    sleep, clock: how to wait between tries, and what time it is, for a Retry-After that is a date.
    Every call raises CredentialError, NotFound, Conflict, Unreachable and StateUnknown as `Exchange.call` does.
    """

    def __init__(
        self,
        base_url: str,
        *,
        credentials: Credentials,
        cacert: Path | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        called: str = "",
        timeout_s: float = 30.0,
        sleep: Sleep = real_sleep,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._called = called
        self._exchange = Exchange(
            base_url,
            credentials=credentials,
            cacert=cacert,
            transport=transport,
            timeout_s=timeout_s,
            sleep=sleep,
            clock=clock,
        )

    async def __aenter__(self) -> Manager:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._exchange.close()

    @property
    def called(self) -> str:
        """What to call it to the user: its origin, unless it was given a better name."""
        return self._called or self._exchange.origin

    # ------------------------------------------------------------------------------------------------ looking

    async def names(self) -> Mapping[str, str]:
        """uid -> name of every instance."""
        return {item.uid: item.display_name for item in await self._listed()}

    async def instances(self, *, uids: Collection[str] | None = None) -> tuple[Instance, ...]:
        """All instances, or those of these uids, sorted by name and uid. One request for each host that has some."""
        listed = [item for item in await self._listed() if uids is None or item.uid in uids]
        wanted = {item.uid for item in listed}
        found: list[Instance] = []
        for system_uid in sorted({item.system_uid for item in listed}):
            for detail in await self._details(system_uid):
                if detail.uid in wanted:
                    found.append(to_instance(detail, system_uid=system_uid))
        return tuple(sorted(found, key=lambda instance: (instance.name, instance.uid)))

    async def groups(self) -> tuple[Group, ...]:
        """All instance groups, sorted by name."""
        items = await self._pages(endpoints.LIST_GROUPS, "list the instance groups", {})
        return tuple(sorted((to_group(item) for item in items), key=lambda group: group.name))

    async def live(self, instance: Instance) -> LiveConfig:
        """What the instance has on its disk, read now, with the version that a publish may name as its base."""
        asked = f"read the configuration of {instance.name}"
        parts = {"system": instance.system_uid, "instance": instance.uid}
        reply, headers = await self._exchange.call(endpoints.GET_INSTANCE_CONFIG, None, asked=asked, parts=parts)
        entry = instance.entry or f"{reply.config_files.root_dir.rstrip('/')}/nginx.conf"
        try:
            return to_live_config(reply, entry=entry, root=instance.root, tag=headers.get(endpoints.ETAG, ""))
        except Malformed as error:
            raise Unreachable(
                f"{asked}: {self._exchange.where} answers {error.pointer or '/'} with {error.reason}"
            ) from error

    async def group_tag(self, group_uid: str) -> str:
        """The version of a group, for `publish_group`; empty from a manager that gives none."""
        _, headers = await self._exchange.call(
            endpoints.GET_GROUP_CONFIG, None, asked="read the group's version", parts={"group": group_uid}
        )
        return headers.get(endpoints.ETAG, "")

    async def last_deployment(self, instance: Instance) -> DeploymentView | None:
        """The newest deployment to the instance that the manager knows, or None."""
        parts = {"system": instance.system_uid, "instance": instance.uid}
        asked = f"ask how {instance.name} stands"
        detail, _ = await self._exchange.call(endpoints.GET_INSTANCE, None, asked=asked, parts=parts)
        last = detail.last_deployment_details
        return _view(last, "") if isinstance(last, Deployment) else None

    # ------------------------------------------------------------------------------------------------ publishing

    async def stage(self, name: str, accepted: Accepted, *, instance: Instance | None, external_id: str) -> str:
        """The uid of a staged config of these files, those outside root too. Nothing is live by it."""
        body = StagedConfigWrite(
            config_name=name,
            config_files=from_file_set(accepted.files),
            nginx_uid=instance.uid if instance else "",
            external_id=external_id[:EXTERNAL_ID_LIMIT],
            external_id_type=_external_id_type(external_id),
        )
        reply, _ = await self._exchange.call(endpoints.CREATE_CONFIG, body, asked=f"stage {name}")
        return reply.uid

    async def unstage(self, config_uid: str) -> None:
        """Delete a staged config. Nothing that was published from it changes."""
        await self._exchange.call(
            endpoints.DELETE_CONFIG, None, asked="delete a staged config", parts={"config": config_uid}
        )

    async def publish(
        self,
        instance: Instance,
        config_uid: str,
        *,
        base: Base,
        key: str,
        external_id: str,
        probes: Sequence[Probe] = (),
        deadline_s: float,
        validate: bool = True,
    ) -> Begun:
        """Ask for the staged config on the instance; gives the deployment to poll.

        base: what must be there still. key: a second request with the same key finds the first one's deployment.
        validate: whether the manager's own rules must accept it, too.
        Raises Conflict where the instance moved, StateUnknown where no try was answered.
        """
        body = _publish(config_uid, base.updated_at, external_id, probes, deadline_s, validate=validate)
        reply, answered = await self._exchange.call(
            endpoints.PUBLISH_INSTANCE,
            body,
            asked=f"publish to {instance.name}",
            parts={"system": instance.system_uid, "instance": instance.uid},
            headers=_preconditions(base.tag, key),
        )
        fallback = endpoints.GET_INSTANCE_DEPLOYMENT.url(deployment=reply.deployment_uid)
        return Begun(self._own_path(reply.links.rel, fallback), endpoints.REPLAYED in answered)

    async def publish_group(
        self,
        group: Group,
        config_uid: str,
        *,
        tag: str,
        updated_at: datetime,
        key: str,
        external_id: str,
        probes: Sequence[Probe] = (),
        deadline_s: float,
    ) -> Begun:
        """As `publish`, to every online member at once. tag: of `group_tag`; updated_at: the newest member's."""
        body = _publish(config_uid, updated_at, external_id, probes, deadline_s, validate=True)
        reply, answered = await self._exchange.call(
            endpoints.PUBLISH_GROUP,
            body,
            asked=f"publish to the group {group.name}",
            parts={"group": group.uid},
            headers=_preconditions(tag, key),
        )
        fallback = endpoints.GET_GROUP_DEPLOYMENT.url(deployment=reply.deployment_uid)
        return Begun(self._own_path(reply.links.rel, fallback), endpoints.REPLAYED in answered)

    async def deployment(self, path: str) -> DeploymentView:
        """How the deployment at a path that a publish gave stands now."""
        found = await self._exchange.get(path, Deployment, asked="ask how the publish stands")
        return _view(found, path)

    # ------------------------------------------------------------------------------------------------ within

    async def _listed(self) -> list[ListedInstance]:
        return await self._pages(endpoints.LIST_INSTANCES, "list the instances", {})

    async def _details(self, system_uid: str) -> list[InstanceDetail]:
        return await self._pages(
            endpoints.LIST_SYSTEM_INSTANCES, f"list the instances of {system_uid}", {"system": system_uid}
        )

    async def _pages(self, endpoint: endpoints.Endpoint[None, Any], asked: str, parts: Mapping[str, str]) -> list[Any]:
        """Every item of a list. `count` is of all of them; a server that ignores limit and offset is noticed."""
        found: dict[str, Any] = {}
        while True:
            query = {"limit": str(_PAGE), "offset": str(len(found))}
            reply, _ = await self._exchange.call(endpoint, None, asked=asked, parts=parts, query=query)
            before = len(found)
            found.update((item.uid, item) for item in reply.items)
            if reply.count <= len(found) or len(found) == before:
                return list(found.values())

    def _own_path(self, rel: str, fallback: str) -> str:
        """The path to poll, on the manager's own origin whatever it answered: a credential goes along."""
        parts = urlsplit(rel)
        if parts.scheme or parts.netloc or not parts.path.startswith("/"):
            return fallback
        return parts.path


def _publish(
    config_uid: str,
    updated_at: datetime,
    external_id: str,
    probes: Sequence[Probe],
    deadline_s: float,
    *,
    validate: bool,
) -> Publish:
    return Publish(
        config_uid=config_uid,
        update_time=format_time(updated_at),
        external_id=external_id[:EXTERNAL_ID_LIMIT],
        external_id_type=_external_id_type(external_id),
        ignore_conflict=False,
        validate_config=validate,
        probes=tuple(from_probe(probe) for probe in probes),
        deadline_seconds=deadline_s,
    )


def _preconditions(tag: str, key: str) -> dict[str, str]:
    headers = {endpoints.IDEMPOTENCY_KEY: key}
    return {**headers, endpoints.IF_MATCH: tag} if tag else headers


def _external_id_type(external_id: str) -> str:
    return "git" if len(external_id) in {40, 64} and _GIT_ID.issuperset(external_id) else "other"


def _view(found: Deployment, path: str) -> DeploymentView:
    details = found.details
    try:
        created_at, updated_at = parse_time(found.create_time), parse_time(found.update_time)
    except ValueError as error:
        raise StateUnknown(f"the deployment {found.id} has a time that cannot be read: {error}") from error
    skipped = details.skipped if isinstance(details.skipped, tuple) else ()
    return DeploymentView(
        path=path,
        uid=found.id,
        ended=found.ended,
        created_at=created_at,
        updated_at=updated_at,
        message=found.message,
        results=to_results(details),
        wordless=frozenset(bad.uid or bad.name for bad in details.failure if state_of(bad.fail_type) is None),
        skipped=tuple(member.name for member in skipped),
    )
