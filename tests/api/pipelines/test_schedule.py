import pytest

from api.db.tables.pipeline import SCHEDULE_PERIODS
from api.errors import BadRequestError
from api.pipelines.schedule import PERIODS, period_text, read_period


def test_periods_are_those_that_the_store_takes() -> None:
    assert tuple(PERIODS.values()) == SCHEDULE_PERIODS


@pytest.mark.parametrize("text", [None, *PERIODS])
def test_a_period_is_written_as_it_was_read(text: str | None) -> None:
    assert period_text(read_period(text)) == text


@pytest.mark.parametrize("text", ["", "5", "5M", "10m", "60m", "1d", "1h ", "01h", "24H"])
def test_other_texts_are_no_periods(text: str) -> None:
    with pytest.raises(BadRequestError):
        read_period(text)


def test_a_period_that_was_nearly_written_is_hinted_at() -> None:
    with pytest.raises(BadRequestError) as caught:
        read_period("24H")

    assert caught.value.message == (
        "`period` is «24H», expected null or one of 5m, 15m, 30m, 1h, 2h, 3h, 6h, 8h, 12h, 24h;"
        " did you mean «24h»?"
    )
