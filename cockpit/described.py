"""The description of the interface (OpenAPI) as it is: without what never happens, with what happens around it.

FastAPI writes 422 for every route; here a parameter that cannot be read is 400 with a problem document
(``cockpit.problems``). And it knows nothing of what the layers around it answer.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from cockpit.problems import MEDIA_TYPE, ProblemDocument

EVERYWHERE = {
    "400": "the request cannot be read, or asks for what there cannot be",
    "401": "no token, or one that is not known",
    "403": "the role may not do this",
    "408": "the body came too slowly",
    "413": "the body is too large",
    "414": "the address is too long",
    "421": "the server does not go by this host name",
    "429": "asked too often; Retry-After says when again",
    "431": "the headers are too long",
    "507": "what was to be done cannot be written down in the audit trail",
}
"""What any route may answer."""
_METHODS = {"get", "put", "post", "delete", "patch"}


def install(server: FastAPI) -> None:
    """Mend the description when it is first asked for."""
    made = server.openapi

    def described() -> dict[str, Any]:
        if server.openapi_schema is None:
            server.openapi_schema = mended(made())
        return server.openapi_schema

    server.openapi = described  # type: ignore[method-assign]


def mended(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the problems every route can answer, each with the problem document's type."""
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.setdefault("ProblemDocument", ProblemDocument.model_json_schema())
    answer = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}}
    components["responses"] = {f"Problem{code}": {"description": said, **answer} for code, said in EVERYWHERE.items()}
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    schema["security"] = [{"token": []}]
    for operations in schema["paths"].values():
        for method, operation in operations.items():
            if method in _METHODS:
                _mend(operation["responses"])
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return schema


def _mend(responses: dict[str, Any]) -> None:
    invalid = responses.get("422", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if invalid.get("$ref", "").endswith("/HTTPValidationError"):
        del responses["422"]
    for code in EVERYWHERE:
        responses[code] = {"$ref": f"#/components/responses/Problem{code}"}
