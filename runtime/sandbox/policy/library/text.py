"""Modules about text and bytes."""

import base64
import binascii
import codecs
import difflib
import hashlib
import hmac
import html
import re
import string
import textwrap
import unicodedata
import urllib.parse
import zlib
from typing import Final

from runtime.sandbox.policy.library.table import Module, words

_FORMATTER = "use an f-string or `str.format`"

_DIGESTS: Final = words(
    "blake2b blake2s md5 sha1 sha224 sha256 sha384 sha3_224 sha3_256 sha3_384 sha3_512 sha512"
)


def first_digests() -> None:
    """Compute one digest of each kind: the first reads the configuration of OpenSSL."""
    for name in _DIGESTS:
        hmac.new(b"", b"", name).digest()
        hashlib.new(name, usedforsecurity=False).digest()


CODINGS: Final = words(
    "ascii big5 cp437 cp850 cp852 cp866 cp874 cp932 cp949 cp950 cp1250 cp1251 cp1252 cp1253 cp1254"
    " cp1255 cp1256 cp1257 cp1258 euc_jp euc_kr gb18030 gb2312 gbk idna iso2022_jp iso8859_1"
    " iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 iso8859_10"
    " iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 koi8_r koi8_u latin_1 mac_roman"
    " punycode shift_jis unicode_escape utf_7 utf_8 utf_8_sig utf_16 utf_16_be utf_16_le utf_32"
    " utf_32_be utf_32_le"
)
"""What `str.encode` and `bytes.decode` know: each is a module in a file."""


def load_codings() -> None:
    """Read the tables of every coding."""
    for name in CODINGS:
        codecs.lookup(name)


URLLIB_PARSE: Final = Module(
    name="urllib.parse",
    source=urllib.parse,
    names=words(
        "parse_qs parse_qsl quote quote_plus unquote unquote_plus unquote_to_bytes urldefrag"
        " urlencode urljoin urlparse urlsplit urlunparse urlunsplit"
    ),
    why="Reads and writes addresses; nothing of it opens one.",
)

MODULES: Final = (
    Module(
        name="base64",
        source=base64,
        names=words(
            "b16decode b16encode b32decode b32encode b64decode b64encode b85decode b85encode"
            " standard_b64decode standard_b64encode urlsafe_b64decode urlsafe_b64encode"
        ),
        why="All codings of bytes; not the functions that take files.",
    ),
    Module(
        name="binascii",
        source=binascii,
        names=words("Error a2b_base64 a2b_hex b2a_base64 b2a_hex crc32 hexlify unhexlify"),
        why="Hexadecimal text and checksums.",
    ),
    Module(
        name="difflib",
        source=difflib,
        names=("SequenceMatcher", "get_close_matches"),
        why="Compares text; its time grows with the square of the length, so keep texts short.",
    ),
    Module(
        name="hashlib",
        source=hashlib,
        names=_DIGESTS,
        why="Digests; not key derivation, which is slow by design.",
        missing={
            "new": "name the digest: `hashlib.sha256(…)`",
            "pbkdf2_hmac": "deriving keys is slow by design; use `hmac` or a digest",
            "scrypt": "deriving keys is slow by design; use `hmac` or a digest",
        },
    ),
    Module(
        name="hmac",
        source=hmac,
        names=("compare_digest", "digest", "new"),
        why="Keyed digests.",
    ),
    Module(name="html", source=html, names=("escape", "unescape"), why="Entities of HTML."),
    Module(
        name="re",
        source=re,
        names=words(
            "A ASCII DOTALL I IGNORECASE M MULTILINE Match Pattern RegexFlag S U UNICODE VERBOSE X"
            " compile error escape findall finditer fullmatch match search split sub subn"
        ),
        why="Patterns. One that takes exponential time is stopped with the record, not in Python.",
        missing={"DEBUG": "it prints to nowhere", "Scanner": "use `re.finditer`"},
    ),
    Module(
        name="string",
        source=string,
        names=words(
            "ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits octdigits"
            " printable punctuation whitespace"
        ),
        why="Its constants; not its formatters, which read any attribute by name.",
        missing={"Formatter": _FORMATTER, "Template": _FORMATTER},
    ),
    Module(
        name="textwrap",
        source=textwrap,
        names=("dedent", "fill", "indent", "shorten", "wrap"),
        why="Wraps and cuts text.",
    ),
    Module(
        name="unicodedata",
        source=unicodedata,
        names=words(
            "bidirectional category combining decimal decomposition digit east_asian_width"
            " is_normalized lookup mirrored name normalize numeric unidata_version"
        ),
        why="Properties of characters, and their normal forms.",
    ),
    Module(
        name="urllib",
        own={"parse": URLLIB_PARSE},
        why="Holds `urllib.parse` only.",
        missing={
            "request": "functions have no network; bring the data in with a connection",
            "error": "functions have no network; bring the data in with a connection",
        },
    ),
    URLLIB_PARSE,
    Module(
        name="zlib",
        source=zlib,
        names=("adler32", "crc32"),
        why="Checksums; not compression, where a kilobyte can become a gigabyte.",
        missing={
            "compress": "compress where data is stored",
            "decompress": "a few bytes can give gigabytes",
        },
    ),
)
