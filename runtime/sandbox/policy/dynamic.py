"""The type of values that belong to a function: any, and not ours to assume anything about."""

from typing import Any, TypeAlias

Dynamic: TypeAlias = Any
