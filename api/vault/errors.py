"""What can be wrong with secrets."""


class VaultError(Exception):
    """The base of what can be wrong."""

    retryable = False


class SecretKeyError(VaultError):
    """A key that cannot be one, or cannot be read. What it holds is not repeated."""


class UnknownKeyError(VaultError):
    """Something is sealed with a key that is not among ours."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}: sealed with another secret key than those that are configured; add that key"
            " behind the newest one"
        )
        self.what = what


class TamperedError(VaultError):
    """Something is not what was sealed, or not where it was sealed for."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: damaged, or sealed for something else")
        self.what = what
