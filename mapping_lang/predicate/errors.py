"""What this package raises, with the facts as attributes."""

from mapping_lang.diagnostics import Diagnostic
from mapping_lang.types.schema import Path, format_path


class PredicateError(Exception):
    """The base of every error that this package declares."""

    retryable = False


class FilterError(PredicateError):
    """A filter that is refused (FILT-37).

    `path` is the property path of the condition at fault, `operator` its operator and `kind` what
    kind of property it is about; each is empty where the mistake comes before it.
    """

    def __init__(
        self, diagnostic: Diagnostic, *, path: str = "", operator: str = "", kind: str = ""
    ) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic
        self.path = path
        self.operator = operator
        self.kind = kind


class BatchMismatchError(PredicateError):
    """A batch whose schema does not have the property that a filter was checked against."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"the batch has no property `{format_path(path)}` of the filter's type")
        self.path = path
