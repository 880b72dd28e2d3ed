import pytest

from warehouse.sql import Sql, commas, compose, join, name, raw, value


def test_a_value_travels_beside_the_text() -> None:
    assert compose("SELECT {x}, {y}, {x}", x=value("'; --"), y=value(1)) == Sql(
        "SELECT %s, %s, %s", ("'; --", 1, "'; --")
    )


def test_a_percent_sign_in_our_text_means_itself() -> None:
    assert raw("a % b") == Sql("a %% b")
    assert compose("x % {y}", y=value(1)) == Sql("x %% %s", (1,))
    assert join(" % ", (raw("a"), raw("b"))) == Sql("a %% b")


def test_a_name_stays_a_name() -> None:
    assert name('a"; DROP TABLE b; --') == Sql('"a""; DROP TABLE b; --"')
    assert name("a%s") == Sql('"a%%s"')
    assert name("schema", "table") == Sql('"schema"."table"')


@pytest.mark.parametrize("part", ["", "a\0b"])
def test_what_can_be_no_name_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="expected names"):
        name(part)


def test_fragments_are_listed_in_order() -> None:
    assert commas((value(1), raw("x"), value(2))) == Sql("%s, x, %s", (1, 2))


@pytest.mark.parametrize("template", ["{b}", "{a", "{}"])
def test_a_template_names_only_fragments_that_are_given(template: str) -> None:
    with pytest.raises(ValueError, match="expected one of"):
        compose(template, a=raw("x"))


def test_what_is_filled_in_is_not_filled_again() -> None:
    assert compose("{a}", a=raw("{b}")) == Sql("{b}")
