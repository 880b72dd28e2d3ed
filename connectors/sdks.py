"""The libraries that websites, apps and servers send events with; they have no settings."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target

_ROLES: Final = {Role.SOURCE: RoleSpec(targets=frozenset({Target.USER, Target.EVENT}))}


def _sdk(code: str, label: str, *, has_strategies: bool = False) -> Connector:
    return Connector(
        code=code,
        label=label,
        type=ConnectorType.SDK,
        roles=_ROLES,
        has_strategies=has_strategies,
    )


SDKS: Final = (
    # Where people are anonymous first, a strategy says what becomes of that.
    _sdk("javascript", "JavaScript", has_strategies=True),
    _sdk("android", "Android", has_strategies=True),
    _sdk("ios", "iOS", has_strategies=True),
    _sdk("dotnet", ".NET"),
    _sdk("go", "Go"),
    _sdk("java", "Java"),
    _sdk("nodejs", "Node.js"),
    _sdk("python", "Python"),
)
