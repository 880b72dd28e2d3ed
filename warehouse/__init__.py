"""Data warehouses behind one interface: identities, profiles and their resolution."""
