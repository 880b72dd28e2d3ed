"""Values to and from JSON by schema (TYPE-64 to TYPE-70)."""
