"""The language policy for Python functions: what source may say, what running code reaches."""
