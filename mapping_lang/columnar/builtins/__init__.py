"""Kernels of the builtins that evaluate all their arguments."""
