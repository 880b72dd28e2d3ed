"""Every module that functions can import."""

from typing import Final

from runtime.sandbox.policy.library import data, dates, numbers, refused, text, tools
from runtime.sandbox.policy.library.table import Module

MODULES: Final[tuple[Module, ...]] = tuple(
    sorted(
        (*data.MODULES, *dates.MODULES, *numbers.MODULES, *text.MODULES, *tools.MODULES),
        key=lambda module: module.name,
    )
)
BY_NAME: Final = {module.name: module for module in MODULES}
REFUSED: Final = refused.MODULES
