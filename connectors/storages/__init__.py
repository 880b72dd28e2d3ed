"""Where files lie, one module for each storage."""
