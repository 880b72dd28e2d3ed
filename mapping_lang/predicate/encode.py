"""From a predicate to JSON, with canonical values (FILT-38)."""

import msgspec

from mapping_lang.predicate.operands import format_operand
from mapping_lang.predicate.tree import Condition, Predicate, compared_type
from mapping_lang.types.schema import format_path


def encode(predicate: Predicate) -> str:
    """Write a filter as JSON text; decoding it gives an equal predicate."""
    return msgspec.json.encode(encode_data(predicate)).decode()


def encode_data(predicate: Predicate) -> dict[str, object]:
    """Give the JSON of a filter as dicts, lists and strings."""
    return {
        "logical": predicate.logical.value,
        "conditions": [_condition(condition) for condition in predicate.conditions],
    }


def _condition(condition: Condition) -> dict[str, object]:
    data: dict[str, object] = {
        "property": format_path((*condition.path, *condition.json_path)),
        "operator": condition.operator.value,
    }
    type_ = compared_type(condition.type)
    if condition.values and type_ is not None:
        data["values"] = [format_operand(value, type_) for value in condition.values]
    return data
