import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.vault.errors import SecretKeyError
from api.vault.keys import SecretKey, draw_key, keys_of_file, read_keys, write_keys

MATERIAL = bytes(range(32))
TEXT = base64.b64encode(MATERIAL).decode()


def test_keys_are_read_newest_first_however_they_are_separated() -> None:
    first, second, third = draw_key(), draw_key(), draw_key()
    text = f" {first.text()},\n{second.text()} {third.text()}\n"
    assert read_keys(text) == (first, second, third)


def test_both_alphabets_of_base64_are_read() -> None:
    material = bytes(range(224, 256))
    standard, url_safe = base64.b64encode(material), base64.urlsafe_b64encode(material)
    assert standard != url_safe
    assert read_keys(standard.decode()) == read_keys(url_safe.decode()) == (SecretKey(material),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no secret key"),
        (" ,", "there is no secret key"),
        ("hunter2", "found a secret key of 7 characters, expected 32 random bytes in base64"),
        (base64.b64encode(bytes(range(31))).decode(), "expected 32 random bytes in base64"),
        (TEXT + "!", "found a secret key of 45 characters"),
        (base64.b64encode(bytes(32)).decode(), "a secret key is not random"),
        (f"{TEXT},{TEXT}", "a secret key is there twice"),
    ],
)
def test_what_is_no_key_is_refused_and_not_repeated(text: str, message: str) -> None:
    with pytest.raises(SecretKeyError) as caught:
        read_keys(text)
    assert message in str(caught.value)
    assert not any(word in str(caught.value) for word in text.split(",") if len(word) > 3)


def test_a_key_does_not_show_itself() -> None:
    assert repr(SecretKey(MATERIAL)) == "SecretKey()"


def test_derived_keys_have_nothing_in_common() -> None:
    key = SecretKey(MATERIAL)
    assert len({key.material, key.derive("a"), key.derive("b"), draw_key().derive("a")}) == 4
    assert key.derive("a") == SecretKey(MATERIAL).derive("a")
    assert len(key.id) == 8


def test_a_file_of_keys_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(keys_of_file, [path] * 8))
    assert set(found) == {keys_of_file(path)}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.key"]


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    keys_of_file(path)
    os.chmod(path, 0o640)  # noqa: PTH101 - as an administrator would
    with pytest.raises(SecretKeyError, match="which has the mode 640: chmod 600 it"):
        keys_of_file(path)


def test_keys_of_a_file_can_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    (old,) = keys_of_file(path)
    new = draw_key()
    write_keys(path, (new, old), replace=True)
    assert keys_of_file(path) == (new, old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
