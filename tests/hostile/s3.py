"""A service that speaks S3 only so well."""

from collections.abc import Mapping

from tests.hostile.servers import Answer, Then, answer

BUCKET = "kiln-hostile"
SETTINGS = {
    "accessKeyID": "A" * 20,
    "secretAccessKey": "s" * 40,
    "region": "eu-west-1",
    "bucket": BUCKET,
}
_MODIFIED = "Fri, 01 May 2026 10:00:00 GMT"
_ROWS = b"id,mail,age\n1,a@x.io,2\n"


def _error(status: str, code: str) -> Answer:
    return answer(status, f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode())


def _content(length: int, then: Then) -> Answer:
    return answer("200 OK", _ROWS, length=length, then=then, ETag='"1"', Last_Modified=_MODIFIED)


def s3_answers() -> Mapping[str, Answer]:
    files = {
        "failing.csv": answer("500 Internal Server Error"),
        "forbidden.csv": _error("403 Forbidden", "AccessDenied"),
        "wrong-keys.csv": _error("403 Forbidden", "InvalidAccessKeyId"),
        "gone.csv": _error("404 Not Found", "NoSuchKey"),
        "truncated.csv": _content(5_000, Then.CLOSE),
        "silent.csv": Answer(b"", Then.STALL),
        "stalling.csv": _content(5_000, Then.STALL),
        "dripping.csv": _content(5_000_000, Then.DRIP),
    }
    return {f"/{BUCKET}/{name}": found for name, found in files.items()}
