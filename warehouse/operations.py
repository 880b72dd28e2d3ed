"""What is done in a warehouse that a mode may refuse, and that a change of mode waits for."""

from enum import StrEnum


class Operation(StrEnum):
    """A kind of work in a warehouse; work of one kind is in flight until it ends (WH-50)."""

    READ = "read"
    """Reading profiles, identities and events."""
    WRITE = "write"
    """Writing, purging and clearing identities, and the profiles of a destination."""
    RESOLVE = "resolve"
    """Identity resolution."""
    ALTER = "alter"
    """Changing the schema of profiles."""
