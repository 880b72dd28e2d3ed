"""limit what one value brings together.

Follows 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('workspaces', sa.Column('max_merged_identities', sa.Integer(), server_default=sa.text('10000'), nullable=False))
