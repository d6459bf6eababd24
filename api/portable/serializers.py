"""The JSON of a report."""

from typing import Literal

from api.responses import Answer
from conversations.portable.report import Report


class CountsJson(Answer):
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0


class OutcomeJson(Answer):
    """`line` is the line of the file, or the place in ChatGPT's list; `id` is the file's."""

    line: int
    type: str
    id: str | None
    outcome: Literal["created", "updated", "unchanged", "refused"]
    reason: str | None


class ReportJson(Answer):
    """`items` are all of them up to 1,000, else the updated and refused and those with a reason;
    `items_left_out` says how many are not listed. `complete` is false for a file that was cut.
    """

    format: Literal["parley", "chatgpt"]
    complete: bool
    counts: dict[str, CountsJson]
    items: list[OutcomeJson]
    items_left_out: int


def report_json(report: Report) -> ReportJson:
    items = [
        OutcomeJson(
            line=outcome.line,
            type=outcome.type,
            id=outcome.id,
            outcome=outcome.result,
            reason=outcome.reason,
        )
        for outcome in report.items
    ]
    return ReportJson(
        format=report.format,
        complete=report.is_complete,
        counts={kind: CountsJson.model_validate(counts) for kind, counts in report.counts.items()},
        items=items,
        items_left_out=report.total - len(items),
    )
