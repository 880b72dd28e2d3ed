"""Services with users of their own, or that take events, one module for each."""
