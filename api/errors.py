"""Faults of a request that no package below `api` knows of.

RequestFault
├── ValidationFailed       the body, path, query or a header has not the right form
├── ResourceNotFound       no such path
├── MethodNotAllowed       the path takes other methods
└── BodyTooLarge           more bytes than are accepted
"""

from collections.abc import Iterable, Sequence
from typing import TypedDict


class FieldFault(TypedDict):
    """One fault: where, what, and its kind, in pydantic's terms."""

    loc: Sequence[str | int]
    msg: str
    type: str


class RequestFault(Exception):
    """Root of the tree."""


class ValidationFailed(RequestFault):
    def __init__(self, faults: Iterable[FieldFault]) -> None:
        self.faults = list(faults)
        reasons = "; ".join(_reason(fault) for fault in self.faults)
        super().__init__(f"Request validation failed: {reasons}")


class ResourceNotFound(RequestFault):
    def __init__(self) -> None:
        super().__init__("Not found")


class MethodNotAllowed(RequestFault):
    """`allowed` are the methods that the path takes."""

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        super().__init__(f"Method {method} is not allowed here")
        self.allowed = sorted(allowed)


class BodyTooLarge(RequestFault):
    def __init__(self, limit: int) -> None:
        super().__init__(f"The request body is larger than {limit} bytes")


def _reason(fault: FieldFault) -> str:
    path = ".".join(str(part) for part in fault["loc"])
    return f"{path}: {fault['msg']}" if path else fault["msg"]
