"""Who carries out which operation."""

from collections.abc import Mapping

from api.db.session import Sessions
from api.operations import alteration, resolution
from api.operations.ledger import Kind
from api.operations.operator import Performer
from api.vault.vault import Vault
from forms.addresses import Reach


def performers(sessions: Sessions, vault: Vault, reach: Reach) -> Mapping[Kind, Performer]:
    """Give who carries out operations, by their kind."""
    return {
        Kind.RESOLUTION: resolution.performer(sessions, vault, reach),
        Kind.ALTERATION: alteration.performer(sessions, vault, reach),
    }
