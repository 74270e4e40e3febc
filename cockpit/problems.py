"""Errors of the HTTP interface as RFC 9457 problem documents."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cockpit.services import AuditRefused
from twin_model.rights import NotAllowed

MEDIA_TYPE = "application/problem+json"


class ProblemDocument(BaseModel):
    """RFC 9457: what went wrong, for a program and for a person."""

    model_config = ConfigDict(extra="allow")

    type: str = Field("about:blank", description="kind of problem; about:blank: the status says it all")
    title: str = Field(description="the status in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what was found, where, what was expected, what to do")
    instance: str | None = Field(None, description="path of the request")


class Problem(Exception):
    """An answer that is an error. ``more`` are further members of the document (parameter, found, expected)."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.more = more


_DOCUMENT = {"schema": {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}}


def refusals(*codes: int) -> dict[int | str, dict[str, Any]]:
    """How OpenAPI tells that a route may answer with these errors; what any route may answer `described` adds.

    By reference: of a model FastAPI makes a validator for every route and code, a third of its time at start.
    """
    return {code: {"description": HTTPStatus(code).phrase, "content": {MEDIA_TYPE: _DOCUMENT}} for code in codes}


def problem_response(status: int, detail: str, instance: str, **more: Any) -> Response:
    """The problem document as a response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        **more,
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    return Response(_json(body), status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _json(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(body, default=str)
    except TypeError:  # what was found may be a number beyond 64 bits
        return json.dumps(body, default=str).encode()


_SECRET = re.compile(r"pass|token|secret|code|key", re.IGNORECASE)


def _found(error: dict[str, Any]) -> Any:
    """What stood there, in short; nothing of what may be a secret, or of all that stood around what is missing."""
    found = error.get("input")
    if error["type"] == "missing" or _SECRET.search(".".join(str(p) for p in error["loc"])):
        return None
    if isinstance(found, dict | list | bytes | bytearray):
        return type(found).__name__
    return found[:200] if isinstance(found, str) else found


def install(server: FastAPI) -> None:
    """Answer every error of the API with a problem document."""

    @server.exception_handler(Problem)
    async def _ours(request: Request, error: Problem) -> Response:
        return problem_response(error.status, error.detail, request.url.path, **error.more)

    @server.exception_handler(AuditRefused)
    async def _unwritten(request: Request, error: AuditRefused) -> Response:
        return problem_response(HTTPStatus.INSUFFICIENT_STORAGE, str(error), request.url.path, code="audit")

    @server.exception_handler(NotAllowed)
    async def _not_allowed(request: Request, error: NotAllowed) -> Response:
        return problem_response(HTTPStatus.FORBIDDEN, str(error), request.url.path, code="right", reason=error.reason)

    @server.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return problem_response(error.status_code, str(error.detail), request.url.path)

    @server.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        errors = [
            {"parameter": ".".join(str(p) for p in e["loc"][1:]), "found": _found(e), "expected": e["msg"]}
            for e in error.errors()
        ]
        said = "; ".join(f"{e['parameter']}: found {e['found']!r}: {e['expected']}" for e in errors)
        return problem_response(HTTPStatus.BAD_REQUEST, said, request.url.path, errors=errors)

    @server.exception_handler(Exception)
    async def _unexpected(request: Request, _error: Exception) -> Response:
        # the server logs it with its traceback
        return problem_response(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "This is a mistake of the program; its log has the details.",
            request.url.path,
        )
