"""Calls and answers to and from messages, strictly: what no peer of ours sends is refused."""
