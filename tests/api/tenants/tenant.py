"""A tenant with something of everything, made over HTTP, whose names and ids betray it."""

from dataclasses import dataclass
from typing import Any

import httpx

from api.db.session import Database
from api.keys import service as keys
from api.vault.vault import Purpose
from mapping_lang.types.kinds import ObjectType, Property, StringType
from mapping_lang.types.schemas.encode import encode_schema
from tests.api import rows
from tests.api.client import PEPPER
from tests.api.installation import NO_WAREHOUSE, VAULT
from tests.api.pipelines.bodies import body

Json = dict[str, Any]

PROFILES = encode_schema(
    ObjectType((Property("email", StringType(max_length=254), read_optional=True),))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A workspace, its ids by what they are of, and ways in."""

    name: str
    organization_key: str
    workspace_key: str
    ids: dict[str, int]
    write_key: str

    @property
    def by_organization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.organization_key}"}

    @property
    def by_header(self) -> dict[str, str]:
        return {**self.by_organization, "Krenalis-Workspace": str(self.ids["workspace"])}

    @property
    def by_workspace_key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.workspace_key}"}

    def traces(self) -> set[str]:
        """Give what nobody else may ever be shown."""
        return {self.name, self.write_key, *map(str, self.ids.values())}


async def settle(
    database: Database, http: httpx.AsyncClient, name: str, organization_id: int, workspace_id: int
) -> Tenant:
    """Make a workspace of an organisation, which is made too unless it is there."""
    async with database.sessions.begin() as session:
        organization = rows.organization(id=organization_id)
        if await session.get(type(organization), organization_id) is None:
            session.add(organization)
            await session.flush()
        sealed = VAULT.seal_json(Purpose.WAREHOUSE_SETTINGS, workspace_id, NO_WAREHOUSE)
        session.add(
            rows.workspace(
                id=workspace_id,
                organization_id=organization_id,
                name=name,
                profile_schema=PROFILES,
                sealed_warehouse_settings=sealed,
            )
        )
        await session.flush()
        for_all = await keys.create(
            session, PEPPER, organization_id=organization_id, name=f"All {name}"
        )
        for_one = await keys.create(
            session,
            PEPPER,
            organization_id=organization_id,
            name=f"One {name}",
            workspace_id=workspace_id,
        )
    http.headers = httpx.Headers({"Authorization": f"Bearer {for_one.text}"})

    async def create(path: str, sent: Json) -> int:
        answer = await http.post(path, json=sent)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["id"])

    destination = {"name": f"Out {name}", "role": "Destination", "connector": "mixpanel"}
    destination_id = await create(
        "/v1/connections",
        {
            **destination,
            "settings": {"projectID": "1234", "projectToken": "a", "dataResidency": "EU"},
        },
    )
    writer = {"name": f"Web {name}", "role": "Source", "connector": "javascript"}
    writer["strategy"] = "Conversion"
    writer_id = await create("/v1/connections", {**writer, "linkedConnections": [destination_id]})
    files = {"name": f"Files {name}", "role": "Source", "connector": "filesystem", "settings": {}}
    files_id = await create("/v1/connections", files)
    pipeline_id = await create(
        "/v1/pipelines", body("K3", connection=files_id, name=f"Import {name}")
    )
    write_keys = await http.get(f"/v1/connections/{writer_id}/event-write-keys")
    run_id = pipeline_id - 1
    async with database.sessions.begin() as session:
        session.add(
            rows.run(id=run_id, pipeline_id=pipeline_id, definition=None, ended_at=rows.NOW)
        )
    return Tenant(
        name=name,
        organization_key=for_all.text,
        workspace_key=for_one.text,
        ids={
            "workspace": workspace_id,
            "destination": destination_id,
            "writer": writer_id,
            "files": files_id,
            "pipeline": pipeline_id,
            "run": run_id,
            "key": for_one.id,
        },
        write_key=str(write_keys.json()["eventWriteKeys"][0]["key"]),
    )
