"""This module makes the OpenAPI 3.1 document from the list of operations. The summary and the description of an
operation come from the docstring of its endpoint.
"""

import inspect
from typing import Any, get_args, get_origin

import msgspec

from api import responses
from api.operations import ONE, Operation
from service_layer.rights import RIGHTS, Bearer

COMPONENT = "#/components/schemas/{name}"
PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "application_id": {"type": "string", "format": "uuid"},
    "service": {"type": "string", "minLength": 1, "maxLength": 63},
    "office": {"type": "string", "minLength": 1, "maxLength": 63},
    "mall": {"type": "string", "minLength": 1, "maxLength": 63},
    "agency": {"type": "string", "minLength": 1, "maxLength": 63},
    "code": {"type": "string", "minLength": 1, "maxLength": 63},
}
ANSWER_HEADERS = {
    "ETag": "The version of the application, quoted",
    "Location": "The path of the application",
    "Sync-Token": "Send this token with a later GET to see your own write",
}
REASONS = {
    400: "The request is malformed",
    401: "There is no valid bearer token",
    403: "The bearer's role may not do this",
    404: "The object does not exist, or the bearer may not see it",
    405: "The address does not allow this method",
    409: "The rules refuse the command, or the Sync-Token is not in the log",
    412: "A relevant event came after the version in If-Match",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "A value is not possible, or the Idempotency-Key was used for another request",
    428: "If-Match is missing",
    429: "Too many wrong tries",
    503: "The view is behind or the store cannot be reached; wait as long as Retry-After says",
}


def document(operations: tuple[Operation, ...], version: str) -> dict[str, Any]:
    """The whole document as plain JSON values."""
    types = {body for operation in operations for body in _types(operation)} | {responses.ProblemBody}
    _, schemas = msgspec.json.schema_components(sorted(types, key=lambda t: t.__name__), ref_template=COMPONENT)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    submitted = paths["/v1/applications"]["post"]["responses"]["201"]
    submitted["links"] = {
        operation.name: _link(operation) for operation in operations if operation.path.startswith(ONE)
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jejak",
            "version": version,
            "description": "Tracks every application for a public service.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _link(operation: Operation) -> dict[str, Any]:
    """Returns an OpenAPI link. The link leads from the response of the submission to another operation on the new
    application.
    """
    parameters = {"path.application_id": "$response.body#/application_id"}
    if "If-Match" in operation.headers:
        parameters["header.If-Match"] = "$response.header.ETag"
    return {"operationId": operation.name, "parameters": parameters}


def _types(operation: Operation) -> set[Any]:
    returned = (get_args(t)[0] if get_origin(t) is list else t for t in operation.returns.values())
    return {t for t in (operation.body, *returned) if t not in (None, str)}


def _described(operation: Operation) -> dict[str, Any]:
    text = inspect.getdoc(operation.endpoint) or ""
    roles = sorted(bearer.value for bearer in RIGHTS[operation.name] if bearer is not Bearer.PUBLIC)
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": text.partition("\n")[0].rstrip("."),
        "description": f"{text}\n\nRoles: {', '.join(roles)}." if operation.bearer else text,
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": {
            **{str(status): _answer(operation, status) for status in operation.returns},
            **(
                {"304": {"description": "You have this version already"}}
                if "If-None-Match" in operation.headers
                else {}
            ),
            **{str(status): _problem(status) for status in sorted(operation.problems)},
        },
    }
    if operation.body:
        schema = {"$ref": COMPONENT.format(name=operation.body.__name__)}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if operation.bearer:
        described["security"] = [{"bearer": []}]
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    in_path = [{"name": n, "in": "path", "required": True, "schema": PATH_PARAMETERS[n]} for n in names]
    in_query = [{"name": n, "in": "query", "schema": schema} for n, schema in operation.query.items()]
    in_header = [
        {
            "name": name,
            "in": "header",
            "required": name in operation.required,
            "schema": {"type": "string", "pattern": pattern},
        }
        for name, pattern in operation.headers.items()
    ]
    return [*in_path, *in_query, *in_header]


def _answer(operation: Operation, status: int) -> dict[str, Any]:
    returned = operation.returns[status]
    content: dict[str, Any] = {operation.media_type: {"schema": _schema(returned)}}
    if operation.stream:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    answer: dict[str, Any] = {"description": "Done", "content": content}
    if operation.answers:
        answer["headers"] = {
            name: {"description": ANSWER_HEADERS[name], "schema": {"type": "string"}} for name in operation.answers
        }
    return answer


def _schema(returned: Any) -> dict[str, Any]:  # noqa: ANN401 - a body type
    if returned is str:
        return {"type": "string"}
    if get_origin(returned) is list:
        return {"type": "array", "items": _schema(get_args(returned)[0])}
    return {"$ref": COMPONENT.format(name=returned.__name__)}


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": COMPONENT.format(name=responses.ProblemBody.__name__)}
    return {"description": REASONS[status], "content": {"application/problem+json": {"schema": schema}}}
