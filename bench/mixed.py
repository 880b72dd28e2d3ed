"""The workload "mixed": what "customers" leaves out, JSON above all."""

import random
import uuid
from datetime import time
from typing import Final

from bench.rows import SEED
from mapping_lang.types.kinds import (
    ArrayType,
    BooleanType,
    IntType,
    IpType,
    JsonType,
    MapType,
    ObjectType,
    Property,
    StringType,
    TimeType,
    Type,
    UuidType,
    YearType,
)
from mapping_lang.types.values import Json, Record

_TEXT: Final = StringType()


def _nullable(name: str, type_: Type) -> Property:
    return Property(name, type_, nullable=True, read_optional=True)


MIXED_INPUT: Final = ObjectType(
    (
        Property("traits", JsonType()),
        Property("plan", _TEXT),
        Property("code", _TEXT),
        _nullable("score", IntType(32)),
        Property("device", UuidType()),
        Property("address", IpType()),
        Property("opens", TimeType()),
        Property("since", _TEXT),
        Property("tags", ArrayType(_TEXT)),
        _nullable("vip", BooleanType()),
        Property("counts", MapType(IntType(32))),
    )
)
MIXED_OUTPUT: Final = ObjectType(
    (
        Property("city", _TEXT),
        Property("age", IntType(32)),
        Property("label", _TEXT),
        Property("facts", MapType(JsonType())),
        Property("list", ArrayType(JsonType())),
        Property("length", IntType(32)),
        Property("paying", BooleanType()),
        Property("device", UuidType()),
        Property("device_text", _TEXT),
        Property("address", IpType()),
        Property("opens", _TEXT),
        Property("since", YearType()),
        Property("tags", ArrayType(_TEXT)),
        Property("visits", IntType(64)),
        _nullable("parsed", JsonType()),
    )
)
MIXED_MAPPING: Final = {
    "city": "traits.address.city",
    "age": "traits.age?",
    "label": "coalesce(traits.nickname, plan, 'none')",
    "facts": "map('plan', plan, 'score', score, 'vip', vip)",
    "list": "array(plan, score, true)",
    "length": "len(code)",
    "paying": "and(ne(plan, 'free'), or(vip, not(eq(score, 0))))",
    "device": "device",
    "device_text": "'d-' device",
    "address": "address",
    "opens": "opens",
    "since": "since",
    "tags": "tags",
    "visits": "counts.visits",
    "parsed": "json_parse(code)",
}


def mixed_records(count: int) -> list[Record]:
    """Records with JSON of a few shapes; a few nulls."""
    chance = random.Random(SEED)
    return [_record(chance, number) for number in range(count)]


def _record(chance: random.Random, number: int) -> Record:
    nickname = f'"nick{number % 50}"' if chance.random() < 0.5 else "null"
    traits = (
        f'{{"address":{{"city":"{chance.choice(("milan", "rome", "paris"))}","zip":"{number}"}},'
        f'"age":{chance.randrange(18, 90)},"nickname":{nickname},"note":"n{number}"}}'
    )
    record: Record = {
        "traits": Json(traits),
        "plan": chance.choice(("free", "pro", "team")),
        "code": chance.choice((f"[{number}, 2]", '{"a": 1}', "5", f'"{number}"')),
        "device": str(uuid.UUID(int=chance.getrandbits(128))),
        "address": f"10.{number % 256}.{chance.randrange(256)}.{chance.randrange(256)}",
        "opens": time(chance.randrange(24), chance.choice((0, 30))),
        "since": str(chance.randrange(1990, 2024)),
        "tags": chance.sample(["a", "b", "c", "d"], chance.randrange(4)),
        "counts": {"visits": chance.randrange(1000), "other": 1},
    }
    if chance.random() < 0.9:
        record["score"] = chance.randrange(100)
    if chance.random() < 0.9:
        record["vip"] = chance.random() < 0.2
    return record
