"""The faults of search."""

from api.problems import COMMON, ProblemTable, plain
from search.errors import InvalidCursor, InvalidPattern


class SearchDisabled(Exception):
    def __init__(self) -> None:
        super().__init__("Search is off here: CHAT_SEARCH_ENABLED is false")


PROBLEMS: ProblemTable = {
    **COMMON,
    InvalidPattern: plain(400, "invalid_regex"),
    InvalidCursor: plain(400, "invalid_cursor"),
    SearchDisabled: plain(503, "search_disabled"),
}
