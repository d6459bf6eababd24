"""The faults of export and import."""

from api.problems import COMMON, ProblemTable, plain
from conversations.portable.errors import NotAnExport

PROBLEMS: ProblemTable = {**COMMON, NotAnExport: plain(400, "invalid_import")}
