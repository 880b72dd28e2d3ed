"""Pipelines: what they are, what they may say, how they are kept and shown."""
