"""A complete and valid body for every kind of pipeline; tests change them."""

import json
from copy import deepcopy
from typing import Any, Final

from connectors.interface import Role

Body = dict[str, Any]

ABSENT: Final = object()
"""Given for a member, it takes the member away."""


def prop(name: str, type_: Any = "string", **flags: Any) -> Body:  # noqa: ANN401 - JSON
    """Make a property of a schema; a kind or a whole type."""
    written = {"kind": type_} if isinstance(type_, str) else type_
    return {"name": name, "type": written, **flags}


def schema(*properties: Body) -> Body:
    return {"kind": "object", "properties": list(properties)}


def profile(name: str, type_: Any = "string", **flags: Any) -> Body:  # noqa: ANN401 - JSON
    """Make a property of the profile side, which is always readOptional."""
    return prop(name, type_, **{"readOptional": True, **flags})


INT: Final = {"kind": "int", "bitSize": 32}

CONNECTIONS: Final[dict[str, tuple[str, Role]]] = {
    "K1": ("hubspot", Role.SOURCE),
    "K2": ("postgresql", Role.SOURCE),
    "K3": ("filesystem", Role.SOURCE),
    "K4": ("javascript", Role.SOURCE),
    "K5": ("webhook", Role.SOURCE),
    "K6": ("mailchimp", Role.DESTINATION),
    "K7": ("mixpanel", Role.DESTINATION),
    "K8": ("mysql", Role.DESTINATION),
    "K9": ("s3", Role.DESTINATION),
}
"""A connector in a role for each kind."""

_BODIES: Final[dict[str, Body]] = {
    "K1": {
        "name": "Contacts",
        "target": "User",
        "enabled": True,
        "filter": {
            "logical": "and",
            "conditions": [{"property": "country", "operator": "is", "values": ["US"]}],
        },
        "transformation": {"mapping": {"email": "mail"}},
        "inSchema": schema(prop("mail"), prop("country", nullable=True)),
        "outSchema": schema(profile("email")),
    },
    "K2": {
        "name": "Customers",
        "target": "User",
        "query": "SELECT id, mail, changed FROM customers WHERE changed >= ${updated_at}",
        "userIDColumn": "id",
        "updatedAtColumn": "changed",
        "incremental": True,
        "transformation": {"mapping": {"email": "mail"}},
        "inSchema": schema(prop("id", INT), prop("mail"), prop("changed", "datetime")),
        "outSchema": schema(profile("email")),
    },
    "K3": {
        "name": "Members",
        "target": "User",
        "format": "csv",
        "path": "crm/members.csv",
        "formatSettings": {"separator": ";", "hasColumnNames": True},
        "userIDColumn": "card",
        "updatedAtColumn": "changed",
        "updatedAtFormat": "ISO8601",
        "transformation": {"mapping": {"email": "mail"}},
        "inSchema": schema(prop("card"), prop("mail"), prop("changed")),
        "outSchema": schema(profile("email", {"kind": "string", "maxLength": 254})),
    },
    "K4": {
        "name": "Visitors",
        "target": "User",
        "transformation": {"mapping": {"email": "traits.email"}},
        "outSchema": schema(profile("email")),
    },
    "K5": {"name": "Events", "target": "Event"},
    "K6": {
        "name": "Export",
        "target": "User",
        "matching": {"in": "email", "out": "contact.email"},
        "exportMode": "CreateOrUpdate",
        "transformation": {"mapping": {"contact.firstname": "first_name"}},
        "inSchema": schema(profile("first_name"), profile("email")),
        "outSchema": schema(
            prop("contact", schema(prop("email"), prop("firstname", nullable=True)))
        ),
    },
    "K7": {
        "name": "Purchases",
        "target": "Event",
        "eventType": "purchase",
        "transformation": {"mapping": {"what": "event"}},
        "outSchema": schema(prop("what", createRequired=True)),
    },
    "K8": {
        "name": "Table",
        "target": "User",
        "tableName": "crm.people",
        "tableKey": "mail",
        "transformation": {"mapping": {"mail": "email", "name": "first_name"}},
        "inSchema": schema(profile("email"), profile("first_name")),
        "outSchema": schema(prop("mail", createRequired=True), prop("name", nullable=True)),
    },
    "K9": {
        "name": "File",
        "target": "User",
        "format": "csv",
        "path": "exports/${today}.csv",
        "formatSettings": {"separator": ","},
        "orderBy": "email",
        "inSchema": schema(profile("email"), profile("tags", {"kind": "json"})),
    },
}


def function(**changed: Any) -> Body:  # noqa: ANN401 - JSON
    """Make a transformation by a function from `mail` to `email`."""
    members = {
        "source": "def transform(user):\n    return {'email': user['mail']}\n",
        "language": "Python",
        "inPaths": ["mail"],
        "outPaths": ["email"],
    }
    return {"function": _without_absent({**members, **changed})}


def body(kind: str, **changed: Any) -> Body:  # noqa: ANN401 - JSON
    """Give the body for a kind with members changed; `ABSENT` takes one away."""
    return _without_absent({**deepcopy(_BODIES[kind]), "connection": 230527183, **changed})


def _without_absent(members: Body) -> Body:
    return {name: value for name, value in members.items() if value is not ABSENT}


def excel(**changed: Any) -> Body:  # noqa: ANN401 - JSON
    """Give the body of an import from an Excel file."""
    members = {
        "format": "excel",
        "path": "members.xlsx",
        "sheet": "Sheet1",
        "formatSettings": {"hasColumnNames": True},
    }
    return body("K3", **{**members, **changed})


def text(value: object) -> bytes:
    return json.dumps(value).encode()
