import pytest

from api.serve.runtime_child import runtime_environment, wait_before_restart
from tests.architecture.tree import ROOT


def test_the_runtime_is_told_no_secret() -> None:
    """Isolation starts with what is not there."""
    told = runtime_environment(
        {
            "PATH": "/usr/bin",
            "LANG": "de_DE.UTF-8",
            "KILN_RUNTIME_GUESTS": "2",
            "KILN_SECRET_KEY": "hush",
            "KILN_DATABASE_URL": "postgresql://u:hush@h/n",
            "PGPASSWORD": "hush",
            "AWS_SECRET_ACCESS_KEY": "hush",
            "PYTHONPATH": "/elsewhere",
        }
    )
    assert told == {
        "PATH": "/usr/bin",
        "LANG": "de_DE.UTF-8",
        "KILN_RUNTIME_GUESTS": "2",
        "PYTHONPATH": str(ROOT),
    }


@pytest.mark.parametrize(
    ("quick_ends", "seconds"), [(0, 0.0), (1, 0.5), (2, 1.0), (5, 8.0), (7, 30.0), (10**6, 30.0)]
)
def test_a_runtime_that_cannot_start_is_tried_less_and_less(
    quick_ends: int, seconds: float
) -> None:
    assert wait_before_restart(quick_ends) == seconds
