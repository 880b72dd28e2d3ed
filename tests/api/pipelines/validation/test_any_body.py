"""Whatever is sent, it is accepted or refused with an error of the API."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.errors import ApiError
from api.pipelines.definition import Definition
from mapping_lang.types.schemas.events import EVENT_SCHEMA
from runtime.contract import Mapping
from tests.api.pipelines.bodies import CONNECTIONS, Body, body, function
from tests.api.pipelines.checking import LocalCompiler, check

pytestmark = pytest.mark.anyio

_TEXTS = st.sampled_from(
    [
        "", "mail", "email", "first_name", "contact.email", "contact", "a..b", "${today}", "csv",
        "excel", "pdf", "User", "Event", "and", "is", "CreateOnly", "Zip", "ISO8601", "%Y", "'", "_x",
        "upper(mail)", "traits.email", "x" * 61, "n" * 1_100, "\x00", "\ud800", "é", "object",
        "string", "json", "kind", "Python",
    ]
)  # fmt: skip
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS
    | st.text(max_size=5)
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_TEXTS | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
_MEMBERS = sorted({name for kind in CONNECTIONS for name in body(kind)} | {"sheet", "compression"})


@st.composite
def _changed(draw: st.DrawFn, value: Any) -> Any:  # noqa: ANN401 - JSON
    """Change JSON at some place, however deep; elsewhere it stays as it is."""
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        name = draw(st.sampled_from(sorted(value)))
        if not draw(st.integers(0, 9)):
            return {each: value[each] for each in value if each != name}
        return {**value, name: draw(_changed(value[name]))}
    if isinstance(value, list) and value and draw(st.integers(0, 9)):
        position = draw(st.integers(0, len(value) - 1))
        changed = draw(_changed(value[position]))
        return [*value[:position], changed, *value[position + 1 :]]
    return draw(_JSON)


@st.composite
def _bodies(draw: st.DrawFn) -> tuple[str, Body]:
    kind = draw(st.sampled_from(sorted(CONNECTIONS)))
    sent = body(kind)
    if kind == "K3" and draw(st.booleans()):
        sent["transformation"] = function()
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            sent[draw(st.sampled_from(_MEMBERS))] = draw(_JSON)
        else:
            found = draw(_changed(sent))
            sent = found if isinstance(found, dict) else sent
    return kind, sent


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_bodies())
async def test_any_body_is_accepted_or_refused(given_: tuple[str, Body]) -> None:
    kind, sent = given_
    compiler = LocalCompiler()
    definition: Definition | None = None
    refusal: tuple[int, str] | None = None
    try:
        definition = await check(kind, sent, compiler=compiler)
    except ApiError as error:
        refusal = (error.status, error.code)

    if definition is not None:
        # The first rule is about the name; the runtime is asked whenever there is something to ask.
        assert 1 <= len(definition.name) <= 60
        assert (definition.transformation is None) == (not compiler.asked)
    else:
        assert refusal in {
            (400, "BadRequest"),
            (422, "FormatNotExist"),
            (422, "InvalidSettings"),
        }


async def test_the_runtime_is_asked_with_the_schemas_that_were_sent() -> None:
    compiler = LocalCompiler()

    definition = await check("K7", body("K7"), compiler=compiler)

    (asked,) = compiler.asked
    assert asked.body == Mapping(expressions=(("what", "event"),))
    assert asked.schemas()[1] == definition.out_schema
    assert asked.schemas()[0] == EVENT_SCHEMA
