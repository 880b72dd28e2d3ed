"""The store of the control plane: tables, sessions, migrations, and an embedded PostgreSQL."""
