"""A workspace as the documents show it."""

from typing import Any, Final

Json = dict[str, Any]

ID: Final = 1371036433


def _schema(*properties: Json) -> Json:
    return {"kind": "object", "properties": list(properties)}


def _property(name: str, description: str, type_: Json) -> Json:
    return {"name": name, "type": type_, "readOptional": True, "description": description}


def _text(name: str, description: str, max_length: int) -> Json:
    return _property(name, description, {"kind": "string", "maxLength": max_length})


_ADDRESS: Final = _schema(
    _text("street", "Street", 255),
    _text("city", "City", 100),
    _text("postal_code", "Postal code", 20),
    _text("country", "Country", 2),
)
_CATEGORIES: Final = {"kind": "array", "elementType": {"kind": "string"}}
_INTERESTS: Final = _schema(
    _property("newsletter", "Newsletter subscription", {"kind": "boolean"}),
    _property("categories", "Preferences categories", _CATEGORIES),
    _text("language", "Language", 2),
)
_SCHEMA: Final = _schema(
    _text("customer_id", "Customer ID", 36),
    _text("first_name", "First name", 100),
    _text("last_name", "Last name", 100),
    _text("email", "Email", 254),
    _text("phone_number", "Phone number", 20),
    _property("birth_date", "Birth date", {"kind": "date"}),
    _property("gender", "Gender", {"kind": "string"}),
    _property("address", "Address", _ADDRESS),
    _property("preferences", "Preferences", _INTERESTS),
)
PREFERENCES: Final = {
    "userProfile": {"firstName": "first_name", "lastName": "last_name", "extra": "email"}
}
NEW: Final[Json] = {
    "name": "Customers",
    "profileSchema": _SCHEMA,
    "warehouse": {
        "platform": "Snowflake",
        "mode": "Normal",
        "settings": {
            "account": "ABCDEFG-TUVWXYZ",
            "username": "USERNAME",
            "password": "password",
            "role": "CUSTOM_ROLE",
            "database": "MY_DATABASE",
            "schema": "PUBLIC",
            "warehouse": "COMPUTE_WH",
        },
    },
    "uiPreferences": PREFERENCES,
}
WORKSPACE: Final[Json] = {
    "id": ID,
    "name": "Customers",
    "profileSchema": _SCHEMA,
    "primarySources": {"email": 1604839201},
    "resolveIdentitiesOnBatchImport": False,
    "identifiers": ["customer_id", "email"],
    "mode": "Normal",
    "uiPreferences": {"userProfile": {"image": "", **PREFERENCES["userProfile"]}},
}
