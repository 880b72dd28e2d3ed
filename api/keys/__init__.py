"""API keys: what clients prove themselves with, and what is kept of them."""
