"""The runtime without a service: checks, applies and attests from a terminal."""
