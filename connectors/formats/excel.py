"""Excel workbooks of the `.xlsx` kind, one sheet of them."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target
from connectors.members import format_settings
from forms.members import flag

_USERS: Final = frozenset({Target.USER})

EXCEL: Final = Connector(
    code="excel",
    label="Excel",
    type=ConnectorType.FILE,
    roles={
        Role.SOURCE: RoleSpec(targets=_USERS, settings=format_settings(flag("hasColumnNames"))),
        Role.DESTINATION: RoleSpec(targets=_USERS),
    },
    has_sheets=True,
    extension="xlsx",
)
