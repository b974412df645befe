"""What is wrong with a request: a status and one sentence, answered as JSON."""

from __future__ import annotations

from fastapi.responses import JSONResponse

AGAIN_AFTER = "1"  # seconds: a full room empties in less


class Rejection(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """An answer other than 200.

    Attributes
    ----------
    status
        400 to 499, or 503.
    detail
        What came, what was expected, what to do.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail

    @property
    def response(self) -> JSONResponse:
        """The answer, with the headers that its status asks for."""
        headers = {
            401: {"WWW-Authenticate": "Bearer"},
            408: {"Connection": "close"},
            503: {"Retry-After": AGAIN_AFTER},
        }
        return JSONResponse({"detail": self.detail}, self.status, headers.get(self.status))
