"""Recorded end-to-end scenarios, played against a whole service over HTTP."""
