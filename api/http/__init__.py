'''How requests become calls, and values or errors become responses.

A feature writes its routes like this, in `api/<feature>/routes.py`:

    class NewConnection(Model, frozen=True, kw_only=True):
        """What a connection is made of."""

        name: Annotated[str, Meta(min_length=1, max_length=60, description="...")]
        role: Role                              # a StrEnum is a closed list of texts
        strategy: Strategy | None = None        # null is absent (API-23)
        in_schema: SchemaJson | None = None     # `read_schema("inSchema", body.in_schema)`
        user_id_column: str | None = msgspec.field(default=None, name="userIDColumn")


    @post(
        "/v1/connections",
        tag="Connections",
        summary="Create connection",
        body=NewConnection,
        refusals={Refusal.CONNECTOR_NOT_EXIST: "connector does not exist"},
        example=Example(request={"name": "..."}, answer={"id": 1371036433}),
    )
    async def create_connection(request: WorkspaceRequest, sessions: Sessions) -> Created:
        """What people read about the endpoint."""
        body = await request.decode(NewConnection)
        async with sessions.begin() as session:
            row = await service.create(session, request.workspace_id, body)
        return Created(row.id)


    @get("/v1/connections/{id:str}", tag="Connections", summary="Get connection")
    async def get_connection(request: WorkspaceRequest, sessions: Sessions) -> ConnectionBody:
        connection_id = request.path_id("id")   # first: a malformed id is a 400
        ...                                     # then the look-up (404), then `request.decode`


    ROUTES: Final = (create_connection, get_connection)

- The class of `request` says who may ask: `WorkspaceRequest` (`.workspace_id`, `.organization_id`,
  `.caller`), `OrganizationRequest` (no workspace may be selected), `KeyRequest` (any key),
  `OpenRequest` (anybody). By then body, key, workspace and rate have been checked (API-5).
- The other parameters are collaborators by name: `sessions`, `database`, `transformer` and what
  else `api.app` provides. An unknown name fails when the application is made.
- `request.decode(Struct)` reads the body, `request.query(Struct)` the query parameters: call them
  where their mistakes are due, after look-ups. `body=` and `query=` declare the same structs for
  OpenAPI; without `body=`, a body is refused.
- Answer with a struct, or `None` for an empty 200. Refuse by raising an `api.errors` error; other
  exceptions become a 500 whose text nobody sees, an unreachable database a 503.
- Bounds in `Meta` are checked while decoding (400). What needs a look at the state of things is
  checked by the service, which answers 404 for what is of another workspace (API-6).
- Add `ROUTES` to `FEATURES` in `api/app.py`.
'''
