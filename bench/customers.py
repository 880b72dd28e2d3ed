"""The schemas of the workload "customers"."""

from typing import Final

from mapping_lang.types.kinds import (
    BooleanType,
    DatetimeType,
    DateType,
    DecimalType,
    IntType,
    JsonType,
    ObjectType,
    Property,
    StringType,
    Type,
)

_TEXT: Final = StringType()


def _texts(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, _TEXT) for name in names)


def _nullable(name: str, type_: Type = _TEXT) -> Property:
    return Property(name, type_, nullable=True)


INPUT: Final = ObjectType(
    (
        *_texts("customer_id", "first_name", "last_name", "email"),
        _nullable("phone"),
        *_texts("birth_date"),
        _nullable("country"),
        *_texts("signup_ts", "spend"),
        Property("visits", IntType(32)),
        *_texts("newsletter"),
        Property("address", ObjectType(_texts("street", "city", "zip"))),
    )
)

OUTPUT: Final = ObjectType(
    (
        Property("email", StringType(max_length=254)),
        *_texts("full_name", "first_name"),
        Property("birth_date", DateType()),
        Property("signed_up_at", DatetimeType()),
        Property("ltv", DecimalType(12, 2)),
        Property("visits", IntType(32)),
        Property("newsletter", BooleanType()),
        Property("address", ObjectType(_texts("city", "country"))),
        *_texts("tier"),
        _nullable("phone", StringType(max_length=20)),
    )
)

WITH_JSON: Final = ObjectType((*OUTPUT.properties, Property("preferences", JsonType())))

MAPPING: Final = {
    "email": "lower(trim(email))",
    "full_name": "first_name ' ' last_name",
    "first_name": "initcap(first_name)",
    "birth_date": "birth_date",
    "signed_up_at": "signup_ts",
    "ltv": "spend",
    "visits": "visits",
    "newsletter": "newsletter",
    "address.city": "upper(address.city)",
    "address.country": "coalesce(country, 'US')",
    "tier": "if(eq(country, 'US'), 'domestic', 'intl')",
    "phone": "substring(phone, 1, 10)",
}
"""The twelve expressions from input to output."""
