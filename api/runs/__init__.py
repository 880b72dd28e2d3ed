"""Runs: executions of pipelines, started here, seen here, and carried out elsewhere."""
