"""A pipeline as the documents show it: an export of customers to an application."""

from typing import Any, Final

ID: Final = 705981339
_CONNECTION: Final = 230527183


def _property(name: str, max_length: int, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": {"kind": "string", "maxLength": max_length},
        "readOptional": True,
        "description": description,
    }


def _nullable(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": {"kind": "string"},
        "nullable": True,
        "description": description,
    }


_IN_SCHEMA: Final = {
    "kind": "object",
    "properties": [
        _property("first_name", 100, "First name"),
        _property("last_name", 100, "Last name"),
        _property("email", 254, "Email"),
        {
            "name": "address",
            "type": {"kind": "object", "properties": [_property("country", 2, "Country")]},
            "readOptional": True,
            "description": "Address",
        },
    ],
}
_OUT_SCHEMA: Final = {
    "kind": "object",
    "properties": [
        {
            "name": "contact",
            "type": {
                "kind": "object",
                "properties": [
                    _nullable("email", "Email"),
                    _nullable("firstname", "First Name"),
                    _nullable("lastname", "Last Name"),
                ],
            },
            "description": "",
        }
    ],
}
_MAPPING: Final = {"contact.firstname": "first_name", "contact.lastname": "last_name"}

CHANGE: Final[dict[str, Any]] = {
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
    "inSchema": _IN_SCHEMA,
    "outSchema": _OUT_SCHEMA,
}
NEW: Final = {"connection": _CONNECTION, "target": "User", **CHANGE}
ANSWER: Final = {
    "id": ID,
    "connector": "mailchimp",
    "connectorType": "Application",
    "connection": _CONNECTION,
    "connectionRole": "Destination",
    "target": "User",
    **CHANGE,
    "transformation": {"mapping": _MAPPING, "function": None},
    "running": False,
    "scheduleStart": 15,
    "schedulePeriod": "1h",
}
