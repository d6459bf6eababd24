"""Faults of the bypass list's own credential.

AdminRefused
├── AdminDisabled       no ADMIN_TOKEN is set
├── MissingAdminToken
└── InvalidAdminToken
"""

from api.problems import COMMON, ProblemTable, plain


class AdminRefused(Exception):
    """Root of the tree."""


class AdminDisabled(AdminRefused):
    def __init__(self) -> None:
        super().__init__("Set ADMIN_TOKEN to use the bypass list")


class MissingAdminToken(AdminRefused):
    def __init__(self) -> None:
        super().__init__("Missing X-Admin-Token header")


class InvalidAdminToken(AdminRefused):
    def __init__(self) -> None:
        super().__init__("Invalid admin token")


PROBLEMS: ProblemTable = {
    **COMMON,
    AdminDisabled: plain(503, "admin_disabled"),
    MissingAdminToken: plain(401, "missing_admin_token"),
    InvalidAdminToken: plain(401, "invalid_admin_token"),
}
