"""`kiln import --dry-run`: what a pipeline would make of a file, without a place to write it.

The file is read, its records are filtered and transformed by the same executor and a runtime as in
a run; only what would be written is handed to whoever looks on.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, final

from api.errors import BadRequestError
from api.http.decoding import MistakeError, decode
from api.http.text import parse_text
from api.pipelines.body import PipelineBody, read_submission
from api.pipelines.columns import Snapshot
from api.pipelines.definition import Definition
from api.pipelines.validation.checks import Checker, check_target
from api.runs.imports import Stored, import_definition, source_file
from api.runs.lease import Claim
from api.serve.runtime_child import RuntimeChild
from connectors.files import Root, Site
from connectors.interface import Role, Target
from connectors.registry import Catalogue
from connectors.source_file import open_file
from executor.failures import Failure
from executor.importer import Import, Outcome
from executor.state import NOTHING, State
from mapping_lang.batch import Batch
from mapping_lang.types.arrow.layout import Array
from mapping_lang.types.kinds import ObjectType
from runtime.client import Client, connect
from warehouse.load import Load, Loading, Prepared, Resumed
from warehouse.postgresql.stored import store
from warehouse.prepare import prepare, produced_columns
from warehouse.registry import BY_CODE

_STORAGE: Final = "filesystem"
_PLATFORM: Final = "PostgreSQL"
_TENANT: Final = 1
_RUNTIME_DRAIN_SECONDS: Final = 5.0

Rows = list[dict[str, object]]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """To whom things are handed as they come."""

    rows: Callable[[Rows], None]
    """As they would be written."""
    failures: Callable[[Sequence[Failure]], None]


async def dry_run(
    file: Path,
    pipeline: bytes,
    *,
    catalogue: Catalogue,
    environment: Mapping[str, str],
    clock: Callable[[], datetime],
    shown: Shown,
) -> Outcome:
    """Carry a file, named by an absolute path, through a pipeline that is given as JSON.

    Raises `ApiError` for a definition that saving would refuse.
    """
    async with (
        RuntimeChild(environment, {"log_level": "error"}, _RUNTIME_DRAIN_SECONDS) as child,
        await connect(child.address) as client,
    ):
        definition = await _definition(pipeline, file, catalogue, client)
        return await _import(file, definition, catalogue, client, clock, shown)


async def _definition(
    pipeline: bytes, file: Path, catalogue: Catalogue, client: Client
) -> Definition:
    """Check a definition as saving it does, for a file that lies elsewhere."""
    try:
        text, node = parse_text(pipeline)
        given = read_submission(decode(node, text, PipelineBody))
    except MistakeError as error:
        raise BadRequestError(f"the definition: {error}") from None
    connector = catalogue.by_code[_STORAGE]
    kind = check_target(connector, Role.SOURCE, Target.USER)
    checker = Checker(catalogue=catalogue, compiler=client)
    definition = await checker.check(kind, connector, given, tenant=str(_TENANT))
    return replace(definition, path=file.name)


async def _import(
    file: Path,
    definition: Definition,
    catalogue: Catalogue,
    client: Client,
    clock: Callable[[], datetime],
    shown: Shown,
) -> Outcome:
    stored = Stored(
        platform=BY_CODE[_PLATFORM],
        settings={},
        # What a pipeline writes is part of the profile schema, whatever that is.
        profile_schema=definition.out_schema or ObjectType(()),
        connector=_STORAGE,
        connection_settings={},
    )
    claim = Claim(
        run_id=0,
        attempt=1,
        pipeline_id=0,
        connection_id=0,
        workspace_id=_TENANT,
        definition="",
        pipeline_version=1,
        cursor=None,
        started_at=clock(),
        redrives=None,
        known=NOTHING,
    )
    asked = import_definition(
        claim, Snapshot(definition=definition, function_version=1), stored.profile_schema
    )
    site = Site(root=Root(file.parent, str(file.parent)))
    source = source_file(catalogue, definition, stored)

    async def open_load() -> Loading:
        return _Onlooker(asked.load, shown)

    return await Import(
        definition=asked,
        open_source=lambda: open_file(source, site, clock),
        open_load=open_load,
        client=client,
        journal=_Telling(shown),
        clock=clock,
    ).run()


@final
class _Onlooker:
    """A load that writes nothing, and shows what it would write."""

    resumed: Resumed | None = None

    def __init__(self, load: Load, shown: Shown) -> None:
        self._produced = produced_columns(load.schema, load.out_paths)
        self._shown = shown

    def prepare(self, batch: Batch, user_ids: Array, update_times: Array) -> Prepared:
        return prepare(self._produced, batch, user_ids, update_times, store)

    async def stage(self, prepared: Prepared, *, kept_user_ids: Sequence[str] = ()) -> None:
        del prepared, kept_user_ids

    async def write(
        self,
        sequence: int,
        prepared: Prepared,
        *,
        state: str,
        kept_user_ids: Sequence[str] = (),
    ) -> None:
        del sequence, state, kept_user_ids
        self._shown.rows(prepared.rows.to_pylist())

    async def purge(self, *, state: str) -> int:
        del state
        return 0

    async def close(self) -> None:
        await asyncio.sleep(0)


@final
@dataclass(frozen=True, slots=True)
class _Telling:
    """A journal that is read aloud instead of kept."""

    shown: Shown

    async def resume(self, state: State) -> None:
        del state

    async def keep(self, sequence: int, failures: Sequence[Failure]) -> None:
        del sequence
        self.shown.failures(failures)

    async def checkpoint(self, state: State) -> None:
        del state
