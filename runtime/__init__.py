"""The isolated service that applies mappings and functions to batches."""
