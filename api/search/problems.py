"""The faults of search."""

from api.problems import COMMON, ProblemTable, plain
from search.errors import InvalidCursor, InvalidPattern, SearchDisabled

PROBLEMS: ProblemTable = {
    **COMMON,
    InvalidPattern: plain(400, "invalid_regex"),
    InvalidCursor: plain(400, "invalid_cursor"),
    SearchDisabled: plain(503, "search_disabled"),
}
