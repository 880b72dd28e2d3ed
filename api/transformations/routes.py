"""The endpoints that try transformations out."""

from typing import Final

from api.errors import Refusal
from api.http.endpoint import Example
from api.http.requests import KeyRequest, WorkspaceRequest
from api.http.routes import get, post
from api.transformations import trial
from api.transformations.schemas import ExpressionBody, ExpressionCheck, Languages, Trial, TrialBody
from api.transformer.transformer import Transformer

_TAG: Final = "Transformations"
_IN_SCHEMA: Final = {
    "kind": "object",
    "properties": [{"name": "email", "type": {"kind": "string"}, "description": ""}],
}


@post(
    "/v1/transformations",
    tag=_TAG,
    summary="Try a transformation",
    body=TrialBody,
    refusals={
        Refusal.TRANSFORMATION_FAILED: "the transformation does not compile, or failed as a whole",
        Refusal.UNSUPPORTED_LANGUAGE: "transformation language is not supported",
    },
    example=Example(
        request={
            "records": [{"email": "Ann@example.com"}, {"email": 5}],
            "inSchema": _IN_SCHEMA,
            "outSchema": _IN_SCHEMA,
            "transformation": {"mapping": {"email": "lower(email)"}},
            "purpose": "Import",
        },
        answer={
            "results": [{"position": 0, "record": {"email": "ann@example.com"}}],
            "rejections": [
                {
                    "position": 1,
                    "code": "V202",
                    "class": "data",
                    "step": "validate input",
                    "path": "email",
                    "line": None,
                    "column": None,
                    "message": "found number, expected string",
                    "hint": "",
                }
            ],
            "output": [],
            "timings": {
                "waitingSeconds": 0.0,
                "startingSeconds": 0.001,
                "executingSeconds": 0.0002,
                "encodingSeconds": 0.0001,
            },
        },
    ),
)
async def try_transformation(request: WorkspaceRequest, transformer: Transformer) -> Trial:
    """Applies a transformation to sample records, at most 1,000, and says what became of each.

    Nothing is saved or written anywhere.
    """
    body = await request.decode(TrialBody)
    return await trial.apply(body, transformer, str(request.workspace_id))


@post(
    "/v1/validate-expression",
    tag=_TAG,
    summary="Validate an expression",
    body=ExpressionBody,
    example=Example(
        request={
            "expression": "lower(email)",
            "inSchema": _IN_SCHEMA,
            "type": {"kind": "string"},
        },
        answer={"valid": True, "mistakes": [], "properties": ["email"]},
    ),
)
async def validate_expression(
    request: WorkspaceRequest, transformer: Transformer
) -> ExpressionCheck:
    """Tells the mistakes of an expression of a mapping, or the properties that it reads."""
    body = await request.decode(ExpressionBody)
    return await trial.check_expression(body, transformer, str(request.workspace_id))


@get(
    "/v1/system/transformations/languages",
    tag=_TAG,
    summary="List the languages of functions",
    example=Example(answer={"languages": ["JavaScript", "Python"]}),
)
async def list_languages(request: KeyRequest, transformer: Transformer) -> Languages:
    """Lists the languages that functions can be written in on this installation, now."""
    del request
    return Languages(sorted(await transformer.languages()))


ROUTES: Final = (try_transformation, validate_expression, list_languages)
