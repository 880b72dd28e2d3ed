"""What the API refuses, and how that is told: a status, a stable code, and words that help.

Every layer of the API raises one of these; `api.http.responses` writes them as responses. Clients
match on status and code, never on the message.
"""

from enum import StrEnum
from typing import ClassVar, Final, final

from mapping_lang.diagnostics import Diagnostic

MAX_MESSAGE_CHARS: Final = 4_000
"""Longest message or cause that is sent: what others wrote may be part of both."""


class Refusal(StrEnum):
    """The codes of status 422: well formed, and refused by the state of things or an outside check.

    Closed, so that clients can list them; a released code is never reused.
    """

    ACCESS_KEYS_LIMIT_REACHED = "AccessKeysLimitReached"
    ALTER_SCHEMA_IN_EXECUTION = "AlterSchemaInExecution"
    CANNOT_RUN_INCREMENTALLY = "CannotRunIncrementally"
    CONNECTION_NOT_EXIST = "ConnectionNotExist"
    CONNECTIONS_LIMIT_REACHED = "ConnectionsLimitReached"
    CONNECTOR_NOT_EXIST = "ConnectorNotExist"
    CONNECTORS_LIMIT_REACHED = "ConnectorsLimitReached"
    DIFFERENT_WAREHOUSE = "DifferentWarehouse"
    EVENT_NOT_EXIST = "EventNotExist"
    EVENT_TYPE_NOT_EXIST = "EventTypeNotExist"
    FORMAT_NOT_EXIST = "FormatNotExist"
    IDENTITY_RESOLUTION_IN_EXECUTION = "IdentityResolutionInExecution"
    INSPECTION_MODE = "InspectionMode"
    INVALID_ALTER_SCHEMA = "InvalidAlterSchema"
    INVALID_EVENT = "InvalidEvent"
    INVALID_PATH = "InvalidPath"
    INVALID_PLACEHOLDER = "InvalidPlaceholder"
    INVALID_SETTINGS = "InvalidSettings"
    INVALID_WAREHOUSE_SETTINGS = "InvalidWarehouseSettings"
    LINKED_CONNECTION_NOT_EXIST = "LinkedConnectionNotExist"
    MAINTENANCE_MODE = "MaintenanceMode"
    NO_COLUMNS_FOUND = "NoColumnsFound"
    OPERATION_ALREADY_EXECUTING = "OperationAlreadyExecuting"
    ORDER_NOT_EXIST = "OrderNotExist"
    ORDER_TYPE_NOT_SORTABLE = "OrderTypeNotSortable"
    ORGANIZATION_DISABLED = "OrganizationDisabled"
    PIPELINE_ALREADY_RUNNING = "PipelineAlreadyRunning"
    PIPELINE_DISABLED = "PipelineDisabled"
    PIPELINES_LIMIT_REACHED = "PipelinesLimitReached"
    PROPERTY_NOT_EXIST = "PropertyNotExist"
    SCHEMA_NOT_ALIGNED = "SchemaNotAligned"
    SHEET_NOT_EXIST = "SheetNotExist"
    SINGLE_EVENT_WRITE_KEY = "SingleEventWriteKey"
    TARGET_EXIST = "TargetExist"
    TOO_MANY_EVENT_WRITE_KEYS = "TooManyEventWriteKeys"
    TOO_MANY_LISTENERS = "TooManyListeners"
    TRANSFORMATION_FAILED = "TransformationFailed"
    TYPE_NOT_ALLOWED = "TypeNotAllowed"
    UNSUPPORTED_LANGUAGE = "UnsupportedLanguage"
    WAREHOUSE_NOT_INITIALIZABLE = "WarehouseNotInitializable"
    WAREHOUSE_PLATFORM_NOT_EXIST = "WarehousePlatformNotExist"
    WORKSPACE_NOT_EXIST = "WorkspaceNotExist"
    WORKSPACES_LIMIT_REACHED = "WorkspacesLimitReached"


class ApiError(Exception):
    """The base of what is told to a client; `cause` is the text of the reason underneath."""

    status: ClassVar[int]
    retryable: ClassVar[bool] = False

    def __init__(self, code: str, message: str, *, cause: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message[:MAX_MESSAGE_CHARS]
        self.cause = cause[:MAX_MESSAGE_CHARS]

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a response with this error has beside the usual ones."""
        return {}


@final
class BadRequestError(ApiError):
    """A request that is wrong whatever the state of things is (API-14)."""

    status = 400

    def __init__(self, message: str, *, cause: str = "") -> None:
        super().__init__("BadRequest", message, cause=cause)


@final
class UnauthorizedError(ApiError):
    """No key, one that is not good, or one that is not for this endpoint."""

    status = 401

    def __init__(self, message: str) -> None:
        super().__init__("Unauthorized", message)


@final
class ForbiddenError(ApiError):
    """A workspace is needed and none was selected."""

    status = 403

    def __init__(self, message: str) -> None:
        super().__init__("Forbidden", message)


@final
class NotFoundError(ApiError):
    """What the URL or the workspace header names is not there, or is not the caller's (API-6)."""

    status = 404

    def __init__(self, message: str) -> None:
        super().__init__("NotFound", message)


@final
class MethodNotAllowedError(ApiError):
    """A path that is known, with a method that it does not have."""

    status = 405

    def __init__(self, message: str, *, allowed: tuple[str, ...]) -> None:
        super().__init__("MethodNotAllowed", message)
        self.allowed = allowed

    @property
    def headers(self) -> dict[str, str]:
        return {"Allow": ", ".join(self.allowed)}


@final
class UnprocessableError(ApiError):
    """A well formed request that the state of things or an outside check refuses (API-14)."""

    status = 422

    def __init__(self, code: Refusal, message: str, *, cause: str = "") -> None:
        super().__init__(code.value, message, cause=cause)


@final
class TooManyRequestsError(ApiError):
    """A workspace or an organisation asks more often than it may."""

    status = 429
    retryable = True

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__("TooManyRequests", message)
        self.retry_after_seconds = retry_after_seconds

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_seconds)}


@final
class ServiceUnavailableError(ApiError):
    """A system that we depend on (runtime, storage, warehouse, database) did not do its part."""

    status = 503
    retryable = True

    def __init__(self, message: str, *, cause: str = "") -> None:
        super().__init__("ServiceUnavailable", message, cause=cause)


@final
class InternalServerError(ApiError):
    """A bug of ours; the log has the rest under the id of the request."""

    status = 500

    def __init__(self, request_id: str) -> None:
        super().__init__(
            "InternalServerError",
            f"an internal error has occurred; it is logged under the request {request_id}",
        )


def refused_by(diagnostic: Diagnostic, message: str) -> BadRequestError:
    """Make of a mistake in a schema, a filter or an expression a refusal that names its place."""
    return BadRequestError(message, cause=str(diagnostic))
