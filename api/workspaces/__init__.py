"""Workspaces: tenants, each with a profile schema and a warehouse of its own."""
