import pytest

from api import cli
from api.settings.table import SETTINGS


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [([], "usage: kiln "), (["keys"], "usage: kiln keys "), (["keys", "revoke"], "ID")],
)
def test_a_command_that_cannot_be_meant_shows_how_it_is_used(
    arguments: list[str], usage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == cli.USAGE
    assert usage in capsys.readouterr().err


def test_a_wrong_setting_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KILN_LISEN", "x")
    assert cli.main(["serve"]) == cli.USAGE
    error = capsys.readouterr().err
    assert error == "kiln: KILN_LISEN: there is no such setting; did you mean «KILN_LISTEN»?\n"


@pytest.mark.parametrize(
    "command",
    [[each.name] for each in cli.COMMANDS] + [["keys", each.name] for each in cli.KEY_COMMANDS],
    ids=" ".join,
)
def test_every_command_explains_every_setting(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*command, "--help"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    unknown = [
        setting.name
        for setting in SETTINGS
        if "oauth" not in setting.name
        and (setting.variable if setting.secret else setting.flag) not in told
    ]
    assert unknown == []
