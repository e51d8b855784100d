"""Authorization: this module identifies the principal of a request. This module also checks whether the principal may
read the application in the path.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar
from uuid import UUID

from starlette.requests import Request

from api.conditional import application_id, wait_for_sync
from api.dependencies import Dependencies, dependencies_of
from api.middleware import identified
from api.problems import Problem
from domain.registry.registry import Registry
from projections.progress import ProgressRow
from service_layer.faults import Unauthenticated
from service_layer.rights import PUBLIC, Principal, relation_for, require

Result = TypeVar("Result")
Read = Callable[[UUID], Awaitable[Result | None]]


def principal_of(request: Request) -> Principal:
    """Returns the principal to whom the request's bearer token belongs. Returns PUBLIC for a request without a token.

    Raises Unauthenticated for a token that this installation did not sign. A request with such a token never counts as
    public.
    """
    header = request.headers.get("authorization")
    if header is None:
        return identified(request, PUBLIC)
    scheme, _, token = header.partition(" ")
    principal = dependencies_of(request).tokens.principal(token.strip()) if scheme.lower() == "bearer" else None
    if principal is None:
        raise Unauthenticated
    return identified(request, principal)


async def registry_for(dependencies: Dependencies, principal: Principal) -> Registry:
    """Returns the registry that is used to check rights. This registry may be up to one second old. If this registry
    does not contain the principal's office, the newest registry is read. So a newly registered office can act at once.
    """
    recent = await dependencies.catalogue.recent()
    bound = principal.office or principal.agency
    return recent if not bound or principal.offices(recent) else await dependencies.catalogue.registry()


async def readable(
    request: Request, operation: str, read: Read[Result], of: Callable[[Result], tuple[str, Iterable[str]]]
) -> tuple[Result, Principal]:
    """Reads the application in the path by calling `read`. `operation` is the name of an operation, and the principal
    must have the right to this operation.

    The parameter `of` is a function that gets the result of `read`. This function returns two values: the office that
    holds the application, and the offices that the application concerns. Raises Unauthenticated, Forbidden, NotYours
    and Problem `not-found`.
    """
    dependencies, principal = dependencies_of(request), principal_of(request)
    relation = relation_for(operation, principal)
    target = application_id(request)
    await wait_for_sync(request)
    result = await read(target)
    if result is None:
        raise Problem("not-found")
    registry = await registry_for(dependencies, principal)
    holder, concerned = of(result)
    require(relation, principal, registry, application_id=target, holder=holder, concerned=concerned)
    return result, principal


async def readable_row(request: Request, operation: str) -> tuple[ProgressRow, Principal]:
    """Returns the row of the `progress` view for the application in the path. Raises the same errors as `readable`."""
    read = dependencies_of(request).views.row
    return await readable(request, operation, read, lambda row: (row["office"], row["offices"]))
