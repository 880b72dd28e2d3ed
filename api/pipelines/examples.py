"""Pipelines as the documents show them: an export to an application, and an import from a file."""

from typing import Any, Final

from api.http.endpoint import Example

_EXPORT_ID: Final = 705981339
_IMPORT_ID: Final = 285017124
_CONNECTION: Final = 230527183
_EXPORT: Final = "Export profiles to an application"
_IMPORT: Final = "Import users from a file"
_SCHEDULE: Final = {"running": False, "scheduleStart": 15, "schedulePeriod": "1h"}


def _schema(*properties: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "object", "properties": list(properties)}


def _property(name: str, description: str, type_: dict[str, Any], **flags: bool) -> dict[str, Any]:
    return {"name": name, "type": type_, **flags, "description": description}


def _text(name: str, description: str, max_length: int) -> dict[str, Any]:
    type_ = {"kind": "string", "maxLength": max_length}
    return _property(name, description, type_, readOptional=True)


def _nullable(name: str, description: str) -> dict[str, Any]:
    return _property(name, description, {"kind": "string"}, nullable=True)


def _column(name: str, **limits: int) -> dict[str, Any]:
    return {"name": name, "type": {"kind": "string", **limits}}


_FIRST_NAME: Final = _text("first_name", "First name", 100)
_LAST_NAME: Final = _text("last_name", "Last name", 100)
_EMAIL: Final = _text("email", "Email", 254)
_ADDRESS: Final = _property(
    "address", "Address", _schema(_text("country", "Country", 2)), readOptional=True
)
_CONTACT: Final = _schema(
    _nullable("email", "Email"),
    _nullable("firstname", "First Name"),
    _nullable("lastname", "Last Name"),
)
_MAPPING: Final = {"contact.firstname": "first_name", "contact.lastname": "last_name"}
_EXPORT_CHANGE: Final[dict[str, Any]] = {
    "name": "Export customers",
    "enabled": True,
    "filter": {
        "logical": "and",
        "conditions": [{"property": "address.country", "operator": "is", "values": ["US"]}],
    },
    "matching": {"in": "email", "out": "contact.email"},
    "exportMode": "CreateOnly",
    "updateOnDuplicates": False,
    "transformation": {"mapping": _MAPPING},
    "inSchema": _schema(_FIRST_NAME, _LAST_NAME, _EMAIL, _ADDRESS),
    "outSchema": _schema({"name": "contact", "type": _CONTACT}),
}

_FUNCTION: Final = {
    "source": "def transform(user: dict) -> dict:\n\treturn {}\n",
    "language": "Python",
    "preserveJSON": False,
    "inPaths": ["email", "firstName", "lastName"],
    "outPaths": ["email", "first_name", "last_name"],
}
_IMPORT_CHANGE: Final[dict[str, Any]] = {
    "name": "Newsletter Subscribers",
    "enabled": True,
    "format": "excel",
    "path": "subscribers.xlsx",
    "sheet": "Sheet1",
    "formatSettings": {"HasColumnNames": True},
    "filter": {
        "logical": "and",
        "conditions": [{"property": "country", "operator": "is", "values": ["US"]}],
    },
    "userIDColumn": "email",
    "updatedAtColumn": "updated_at",
    "updatedAtFormat": "ISO8601",
    "incremental": True,
    "transformation": {"function": _FUNCTION},
    "inSchema": _schema(
        _column("email"),
        _column("firstName"),
        _column("lastName"),
        _column("country"),
        _column("updated_at", maxLength=60),
    ),
    "outSchema": _schema(_FIRST_NAME, _LAST_NAME, _EMAIL),
}


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """Give a schema as answers have it: every property with a description."""
    return _schema(*({"description": "", **each} for each in schema["properties"]))


def _answer(
    change: dict[str, Any], transformation: dict[str, Any], **members: object
) -> dict[str, Any]:
    shown = {name: value for name, value in change.items() if name != "formatSettings"}
    return {
        **members,
        "connection": _CONNECTION,
        "target": "User",
        **shown,
        "transformation": transformation,
        "inSchema": _described(change["inSchema"]),
        "outSchema": _described(change["outSchema"]),
        **_SCHEDULE,
    }


def _creation(name: str, change: dict[str, Any], identifier: int) -> Example:
    request = {"connection": _CONNECTION, "target": "User", **change}
    return Example(name=name, request=request, answer={"id": identifier})


CREATION: Final = _creation(_EXPORT, _EXPORT_CHANGE, _EXPORT_ID)
OTHER_CREATION: Final = _creation(_IMPORT, _IMPORT_CHANGE, _IMPORT_ID)
UPDATE: Final = Example(name=_EXPORT, request=_EXPORT_CHANGE)
OTHER_UPDATE: Final = Example(name=_IMPORT, request=_IMPORT_CHANGE)
READING: Final = Example(
    name=_EXPORT,
    answer=_answer(
        _EXPORT_CHANGE,
        {"mapping": _MAPPING, "function": None},
        id=_EXPORT_ID,
        connector="mailchimp",
        connectorType="Application",
        connectionRole="Destination",
    ),
)
OTHER_READING: Final = Example(
    name=_IMPORT,
    answer={
        **_answer(
            _IMPORT_CHANGE,
            {"mapping": None, "function": _FUNCTION},
            id=_IMPORT_ID,
            connector="sftp",
            connectorType="FileStorage",
            connectionRole="Source",
        ),
        "compression": "",
    },
)
