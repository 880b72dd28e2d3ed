"""Every builtin, in alphabetical order (MAP-50)."""

from mapping_lang.builtins.and_ import AND
from mapping_lang.builtins.array_ import ARRAY
from mapping_lang.builtins.coalesce import COALESCE
from mapping_lang.builtins.eq import EQ
from mapping_lang.builtins.if_ import IF
from mapping_lang.builtins.initcap import INITCAP
from mapping_lang.builtins.json_parse import JSON_PARSE
from mapping_lang.builtins.len_ import LEN
from mapping_lang.builtins.lower import LOWER
from mapping_lang.builtins.ltrim import LTRIM
from mapping_lang.builtins.map_ import MAP
from mapping_lang.builtins.ne import NE
from mapping_lang.builtins.not_ import NOT
from mapping_lang.builtins.or_ import OR
from mapping_lang.builtins.rtrim import RTRIM
from mapping_lang.builtins.signature import Builtin
from mapping_lang.builtins.substring import SUBSTRING
from mapping_lang.builtins.trim import TRIM
from mapping_lang.builtins.upper import UPPER

BUILTINS: tuple[Builtin, ...] = (
    AND,
    ARRAY,
    COALESCE,
    EQ,
    IF,
    INITCAP,
    JSON_PARSE,
    LEN,
    LOWER,
    LTRIM,
    MAP,
    NE,
    NOT,
    OR,
    RTRIM,
    SUBSTRING,
    TRIM,
    UPPER,
)
BY_NAME = {builtin.name: builtin for builtin in BUILTINS}
