"""Services that send events by calling us; they have no settings."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target

_ROLES: Final = {Role.SOURCE: RoleSpec(targets=frozenset({Target.USER, Target.EVENT}))}

WEBHOOKS: Final = tuple(
    Connector(code=code, label=label, type=ConnectorType.WEBHOOK, roles=_ROLES)
    for code, label in (
        ("webhook", "Webhook"),
        ("segment", "Segment"),
        ("rudderstack", "RudderStack"),
    )
)
