"""Workbooks as XML, for what no library writes."""

import zipfile
from pathlib import Path

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def write_workbook(
    path: Path,
    rows: str,
    *,
    strings: str = "",
    workbook: str = "",
    styles: str = "",
    prefix: str = "",
    name: str = "Users",
) -> None:
    """Write a workbook with one sheet, whose rows are given as XML."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Target="xl/workbook.xml"'
            f' Type="{_OFFICE}/officeDocument"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{workbook}<sheets>'
            f'<sheet name="{name}" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}">'
            f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/s.xml"/>'
            f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="/xl/texts.xml"/>'
            f'<Relationship Id="r3" Type="{_OFFICE}/styles" Target="styles.xml"/>'
            "</Relationships>",
        )
        archive.writestr("xl/texts.xml", f'<sst xmlns="{_MAIN}">{strings}</sst>')
        archive.writestr("xl/styles.xml", f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>')
        space = f'xmlns:{prefix[:-1]}="{_MAIN}"' if prefix else f'xmlns="{_MAIN}"'
        archive.writestr(
            "xl/worksheets/s.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><{prefix}worksheet {space}>'
            f"<{prefix}sheetData>{rows}</{prefix}sheetData></{prefix}worksheet>",
        )
