"""Apache Parquet files."""

from typing import Final

from connectors.interface import Connector, ConnectorType, Role, RoleSpec, Target

_USERS: Final = frozenset({Target.USER})

PARQUET: Final = Connector(
    code="parquet",
    label="Parquet",
    type=ConnectorType.FILE,
    roles={Role.SOURCE: RoleSpec(targets=_USERS), Role.DESTINATION: RoleSpec(targets=_USERS)},
    extension="parquet",
)
