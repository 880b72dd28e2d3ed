"""What somebody asked `transform` for."""

from dataclasses import dataclass
from pathlib import Path as File
from typing import Final

from mapping_lang.types.schema import Purpose
from runtime.limits import Limits
from runtime.standalone.records.interface import Format
from runtime.standalone.streams import Streams

MOST: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformOrder:
    """A transformation, records, and how their outcome is wanted."""

    place: str
    """The file of the transformation, as it was named."""

    records: str
    format: Format | None = None
    """None: found out from the name and the beginning of the records."""

    separator: str = ""
    purpose: Purpose = Purpose.IMPORT
    sample: int | None = None
    output: str | None = None
    as_json: bool = False
    most: int = MOST
    """Results and rejections that a person is shown."""

    shows_output: bool = False
    limits: Limits

    def shows_table(self, streams: Streams) -> bool:
        """Decide whether results are for a person."""
        return streams.out_look.is_terminal and not self.as_json and self.output is None

    def overwritten(self) -> str | None:
        """Name the file that would be read and written at a time."""
        output = None if self.output is None else File(self.output)
        if output is None or not output.is_file():
            return None
        names = (name for name in (self.place, self.records) if File(name).exists())
        return next((name for name in names if output.samefile(name)), None)
