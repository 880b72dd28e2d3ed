"""Bodies through decoding and checking, as saving them does, without a database."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from api.errors import ApiError, BadRequestError
from api.http.decoding import MistakeError, decode
from api.http.text import parse_text
from api.pipelines.body import NewPipelineBody, read_submission
from api.pipelines.definition import Definition
from api.pipelines.validation.checks import Checker, check_event_type, check_target
from connectors.interface import Role, Target
from connectors.registry import Catalogue, catalogue
from mapping_lang.diagnostics import Diagnostic
from runtime.contract import CompileCall, Compiled, Function, Transformation
from runtime.limits import Limits
from runtime.sandbox.interface import Language
from runtime.transformation import Transformer
from tests.api.pipelines.bodies import CONNECTIONS, text

CATALOGUE = catalogue(with_test_connectors=True)


class LocalCompiler:
    """The runtime's own compiler without a server; functions have the mistakes that it is told."""

    def __init__(self, *mistakes: Diagnostic) -> None:
        self._transformer = Transformer(Limits())
        self.mistakes = mistakes
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        self.asked: list[Transformation] = []

    async def compile(self, transformation: Transformation, *, tenant: str) -> Compiled:
        self.asked.append(transformation)
        if self.meanwhile is not None:
            await self.meanwhile()
        if isinstance(transformation.body, Function):
            return Compiled(diagnostics=self.mistakes)
        return self._transformer.compile(CompileCall(transformation=transformation, tenant=tenant))


@dataclass(frozen=True, slots=True)
class Refused:
    """What a client matches on, and the member that the message begins with."""

    status: int
    code: str
    about: str


async def check(
    kind: str,
    sent: object,
    *,
    compiler: LocalCompiler | None = None,
    languages: frozenset[Language] = frozenset(Language),
    connection: tuple[str, Role] | None = None,
    offered: Catalogue = CATALOGUE,
) -> Definition:
    """Give the definition of a body for a new pipeline, or raise the refusal."""
    code, role = connection or CONNECTIONS[kind]
    connector = offered.by_code[code]
    text_, node = parse_text(text(sent))
    try:
        body = decode(node, text_, NewPipelineBody)
    except MistakeError as error:
        raise BadRequestError(str(error)) from None
    given = read_submission(body)
    decided = check_target(connector, role, body.target or Target.USER)
    check_event_type(decided, given.event_type)
    checker = Checker(catalogue=offered, compiler=compiler or LocalCompiler(), languages=languages)
    return await checker.check(decided, connector, given, tenant="1")


def refused(error: ApiError) -> Refused:
    found = re.search(r"`([^`]+)`", error.message)
    return Refused(error.status, error.code, found[1] if found else "")
