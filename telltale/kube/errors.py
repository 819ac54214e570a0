"""What the API may answer instead of an object.

    ApiError
      BadRequest 400      Unauthorized 401    Forbidden 403   NotFound 404
      Conflict 409        (AlreadyExists)     Gone 410        Invalid 422
      Unavailable         no answer at all: refused, timed out, TLS

Raised by `client` and by the API server's verbs; caught at the top of a loop or the command line.
"""

from telltale.kube.codec import Json, Object, dig


class ApiError(Exception):
    """An answer that is not a success; `str()` is the message for people."""

    code = 500
    reason = "InternalError"

    def __init__(self, message: str, details: Object | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def status(self) -> Object:
        """The `Status` object that a server sends."""
        body: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if self.details is not None:  # clients trip over a 404 without any
            body["details"] = self.details
        return body


class BadRequest(ApiError):
    code, reason = 400, "BadRequest"


class Unauthorized(ApiError):
    code, reason = 401, "Unauthorized"


class Forbidden(ApiError):
    code, reason = 403, "Forbidden"


class NotFound(ApiError):
    code, reason = 404, "NotFound"


class MethodNotAllowed(ApiError):
    code, reason = 405, "MethodNotAllowed"


class Conflict(ApiError):
    code, reason = 409, "Conflict"


class AlreadyExists(Conflict):
    reason = "AlreadyExists"


class Gone(ApiError):
    code, reason = 410, "Expired"


class TooLarge(ApiError):
    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(ApiError):
    code, reason = 415, "UnsupportedMediaType"


class Invalid(ApiError):
    code, reason = 422, "Invalid"


class Timeout(ApiError):
    code, reason = 504, "Timeout"


class Unavailable(ApiError):
    """The server could not be reached."""

    code, reason = 503, "ServiceUnavailable"


_BY_CODE = {
    kind.code: kind
    for kind in (
        BadRequest, Unauthorized, Forbidden, NotFound, MethodNotAllowed, Conflict, Gone,
        TooLarge, UnsupportedMediaType, Invalid, Timeout, Unavailable,
    )
}  # fmt: skip


def from_status(code: int, body: Json) -> ApiError:
    """The error that a server's answer means."""
    message = dig(body, "message") or f"the server answered {code}"
    kind = _BY_CODE.get(code, ApiError)
    if dig(body, "reason") == "AlreadyExists":
        kind = AlreadyExists
    details = dig(body, "details")
    return kind(str(message), details if isinstance(details, dict) else None)
