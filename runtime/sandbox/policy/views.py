"""Modules as functions see them: objects without a namespace, that hold a fixed list of names.

A real module would give whatever it imported itself: `re.copyreg.sys` is one attribute away.
"""

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mapping_lang.diagnostics import did_you_mean
from runtime.sandbox.policy.dynamic import Dynamic
from runtime.sandbox.policy.library import dates, numbers, registry, text
from runtime.sandbox.policy.library.table import Module


class View:
    """The base of all views.

    It has no `__name__`: from one, `from os import x` would look for `os.x` among the modules
    that the interpreter has loaded.
    """

    __slots__ = ()


def _view(module: Module, made: dict[str, View]) -> View:
    attributes: dict[str, object] = {"__slots__": (), "__doc__": None}
    for name, content in module.contents().items():
        if isinstance(content, Module):
            content = _view(content, made) if content.name not in made else made[content.name]
        # A function in a class would become a method.
        attributes[name] = content if isinstance(content, type) else _as_attribute(content)
    attributes["__all__"] = tuple(sorted(module.contents()))
    shown = f"<module {module.name!r}>"
    attributes["__repr__"] = lambda self: shown
    view: View = type(module.name, (View,), attributes)()
    made[module.name] = view
    return view


def _as_attribute(content: Dynamic) -> object:
    return staticmethod(content) if callable(content) else content


def _views() -> Mapping[str, View]:
    made: dict[str, View] = {}
    for module in registry.MODULES:
        if module.name not in made:
            _view(module, made)
    return MappingProxyType(made)


VIEWS: Final = _views()
_MODULE_OF: Final = {type(view): registry.BY_NAME[name] for name, view in VIEWS.items()}


def import_module(
    name: str,
    _globals: object = None,
    _locals: object = None,
    names: tuple[str, ...] | list[str] | None = (),
    level: int = 0,
) -> View | None:
    """Stand for `__import__`: give a view, or say what to use instead."""
    if type(names) is list:
        # Not the function: the interpreter's own C code imports like this, for itself, from
        # `datetime.strptime` for one. It takes what is loaded and ignores what it is given.
        return None
    if level:
        raise ImportError("relative imports are not available in functions")
    view = VIEWS.get(name)
    if view is None:
        raise ModuleNotFoundError(_unavailable(name))
    for wanted in names or ():
        if wanted != "*" and not _has(view, wanted):
            raise ImportError(f"{missing_name(view, wanted)}")
    # `import a.b` binds `a`.
    return view if names else VIEWS[name.partition(".")[0]]


def _has(view: View, name: str) -> bool:
    return not name.startswith("_") and hasattr(view, name)


def _unavailable(name: str) -> str:
    top = name.partition(".")[0]
    hint = registry.REFUSED.get(name) or registry.REFUSED.get(top)
    if hint is None:
        hint = did_you_mean(name, registry.BY_NAME) or _why_unknown(top)
    return f"the module `{name[:60]}` is not available in functions: {hint}"


def _why_unknown(top: str) -> str:
    if top in sys.stdlib_module_names:
        return "it is not among the modules that were checked"
    return "only the standard library is available"


def missing_name(view: View, name: str) -> str:
    """Say that a module has no such name here, and what to use instead."""
    module = _MODULE_OF[type(view)]
    hint = module.missing.get(name) or did_you_mean(name, module.contents())
    message = f"`{module.name}.{name[:60]}` is not available in functions"
    return f"{message}: {hint}" if hint else message


def prepare() -> None:
    """Load what lies in files, before the walls close."""
    dates.load_time_zones()
    text.first_digests()
    text.load_codings()


def begin() -> None:
    """Start what must differ between guests, in each guest."""
    numbers.GENERATOR.seed()
