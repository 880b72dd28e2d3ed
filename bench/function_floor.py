"""What a Python function costs with nothing checked, limited or walled off.

Records become columns of JSON, those become records again, the function is called, its results are
taken apart into rows of JSON, and the rows become values. Whoever hands records to another process
does all this, and hands over twice; the rest of the time of a batch is for walls, limits, blame and
checks. As a program it is that other process: the source is its argument.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Final, TypeAlias, assert_never

import msgspec

from bench.customers import INPUT
from mapping_lang.types.values import Record
from runtime.presentation.records import presentation_for
from runtime.sandbox.interface import Language
from runtime.sandbox.python_columns import ColumnReader

Transform: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]

_LENGTH_BYTES: Final = 4

_presentation: Final = presentation_for(INPUT, Language.PYTHON, preserve_json=False)
_rows: Final = msgspec.json.Encoder()
_values: Final = msgspec.json.Decoder(
    tuple[str, str, str, date, datetime, Decimal, int, bool, str, str, str, str | None]
)


_NODE: Final = """
const fs = require('fs');
const receive = (size) => {
  const bytes = Buffer.allocUnsafe(size);
  for (let have = 0; have < size;) {
    const more = fs.readSync(0, bytes, have, size - have);
    if (!more) process.exit();
    have += more;
  }
  return bytes;
};
const send = (bytes) => {
  for (let sent = 0; sent < bytes.length;) sent += fs.writeSync(1, bytes, sent);
};
for (;;) {
  const [count, [ids, firsts, lasts, emails, phones, births, countries, moments, spends, visits,
    newsletters, [streets, cities, zips]]] = JSON.parse(receive(receive(4).readUInt32BE()));
  let rows = '';
  for (let i = 0; i < count; i++) {
    const result = transform({
      customer_id: ids[i], first_name: firsts[i], last_name: lasts[i], email: emails[i],
      phone: phones[i], birth_date: births[i], country: countries[i], signup_ts: moments[i],
      spend: spends[i], visits: visits[i], newsletter: newsletters[i],
      address: { street: streets[i], city: cities[i], zip: zips[i] },
    });
    const { city, country } = result.address;
    rows += JSON.stringify([
      result.email, result.full_name, result.first_name, result.birth_date, result.signed_up_at,
      result.ltv, result.visits, result.newsletter, city, country, result.tier, result.phone,
    ]) + '\\n';
  }
  const answer = Buffer.from(rows);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(answer.length);
  send(Buffer.concat([length, answer]));
}
"""
"""The same in JavaScript, for the input of the workload."""


def function_in(source: str) -> Transform:
    """Run a source as Python runs it, and give its function."""
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - the benchmark's own
    transform: Transform = names["transform"]
    return transform


def floor_of(transform: Transform, records: Sequence[Record]) -> Callable[[], list[dict[str, Any]]]:
    """Give what does for records what cannot be left out."""
    answer = _answering(transform)
    return lambda: _values_of(answer(_presentation.write(records)))


@contextmanager
def floor_in_another_process(
    language: Language, source: str, records: Sequence[Record]
) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Give what does the same with the function in a process of its own."""
    match language:
        case Language.PYTHON:
            command = [sys.executable, "-m", __name__, source]
        case Language.JAVASCRIPT:
            command = ["node", "-e", source + _NODE]
        case _:
            assert_never(language)
    with subprocess.Popen(  # noqa: S603 - ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        stdin, stdout = child.stdin, child.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the child has no pipes")

        def batch() -> list[dict[str, Any]]:
            _send(stdin, _presentation.write(records))
            return _values_of(_receive(stdout))

        try:
            yield batch
        finally:
            # It has nothing to lose, and nobody waits for what it does at its end.
            child.kill()


def _answering(transform: Transform) -> Callable[[bytes], bytes]:
    reader = ColumnReader(_presentation.reader)
    make: Callable[..., dict[str, Any]] = eval(f"lambda {reader.names}: {reader.display}")  # noqa: S307

    def answer(batch: bytes) -> bytes:
        _, columns = reader.read(batch)
        rows = [_row(transform(make(*values))) for values in zip(*columns, strict=True)]
        return _rows.encode_lines(rows)

    return answer


def _values_of(rows: bytes) -> list[dict[str, Any]]:
    return list(map(_record, _values.decode_lines(rows)))


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(_LENGTH_BYTES, "big") + message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    return pipe.read(int.from_bytes(pipe.read(_LENGTH_BYTES), "big"))


def _row(result: dict[str, Any]) -> tuple[Any, ...]:
    address = result["address"]
    return (
        result["email"],
        result["full_name"],
        result["first_name"],
        result["birth_date"],
        result["signed_up_at"],
        result["ltv"],
        result["visits"],
        result["newsletter"],
        address["city"],
        address["country"],
        result["tier"],
        result["phone"],
    )


def _record(row: tuple[Any, ...]) -> dict[str, Any]:
    email, full, first, birth, moment, ltv, visits, newsletter, city, country, tier, phone = row
    return {
        "email": email,
        "full_name": full,
        "first_name": first,
        "birth_date": birth,
        "signed_up_at": moment,
        "ltv": ltv,
        "visits": visits,
        "newsletter": newsletter,
        "address": {"city": city, "country": country},
        "tier": tier,
        "phone": phone,
    }


def _serve(source: str) -> None:
    answer = _answering(function_in(source))
    while batch := _receive(sys.stdin.buffer):
        _send(sys.stdout.buffer, answer(batch))


if __name__ == "__main__":
    _serve(sys.argv[1])
