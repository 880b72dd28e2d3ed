"""Filters as JSON data, and the schema that they are checked against."""

import pytest

from mapping_lang.predicate.decode import decode_data
from mapping_lang.predicate.errors import FilterError
from mapping_lang.predicate.usage import Context
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    DateType,
    IntType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
)
from tests.mapping_lang.predicate.engines import USERS

ADDRESS = ObjectType((Property("city", StringType()), Property("j", JsonType())))
SCHEMA = ObjectType(
    (
        Property("age", IntType(8)),
        Property("name", StringType(), nullable=True),
        Property("active", BooleanType()),
        Property("born", DateType()),
        Property("tier", StringType(values=("gold", "silver"))),
        Property("address", ADDRESS),
        Property("j", JsonType()),
        Property("m", MapType(StringType())),
        Property("tags", ArrayType(StringType())),
    )
)


def filter_of(*conditions: object, logical: object = "and") -> dict[str, object]:
    return {"logical": logical, "conditions": list(conditions)}


def refused(data: object, context: Context = USERS) -> FilterError:
    with pytest.raises(FilterError) as caught:
        decode_data(data, SCHEMA, context)
    return caught.value
