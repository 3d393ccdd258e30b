"""aiohttp's protocol with our answer to malformed requests, which reach no middleware."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

VERSION_PROBLEM = "Invalid HTTP version"  # of llhttp, the parser


class ErrorResponse(web.Response):
    """A response without the name of the software, which aiohttp adds last."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Server", None)


class Protocol(web.RequestHandler):
    """Answers a malformed request in a few words and with the headers of all answers, and closes the connection."""

    __slots__ = ("_set_headers",)

    def __init__(self, server: Any, set_headers: Callable[[web.StreamResponse], None], **options: Any) -> None:
        super().__init__(server, **options)
        self._set_headers = set_headers

    def handle_error(
        self,
        request: BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer; what aiohttp would say quotes the request."""
        super().handle_error(request, status, exc, message)
        if message and VERSION_PROBLEM in message:
            status = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        response = ErrorResponse(status=status, text=f"{HTTPStatus(status).phrase.lower()}\n")
        self._set_headers(response)
        response.force_close()
        return response
