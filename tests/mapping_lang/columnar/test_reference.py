from pathlib import Path

from mapping_lang.columnar.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "columnar.md"


def test_the_page_of_kernels_is_what_the_registries_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference()
