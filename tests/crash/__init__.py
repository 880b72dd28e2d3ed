"""Imports that are struck by `kill -9` while they run, compared with one that nobody disturbed."""
