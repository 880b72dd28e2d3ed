"""Profiles and identities, read from the warehouse of a workspace."""
