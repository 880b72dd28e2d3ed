"""Runs conformance vectors against the product: `python -m tests.conformance FILE...`."""
