"""The faults of the threads dialect."""

from uuid import UUID

from api.attaching import InvalidAttachment
from api.problems import COMMON, Problem, ProblemTable, plain
from conversations.errors import (
    AttachmentNotFound,
    ConversationNotFound,
    MessageNotFound,
    ProviderThreadNotFound,
)


class ModelRequired(Exception):
    def __init__(self) -> None:
        super().__init__("Model is required")


class InvalidText(Exception):
    def __init__(self) -> None:
        super().__init__("Text must not be blank")


class LlmDisabled(Exception):
    def __init__(self) -> None:
        super().__init__("Models are not asked here: CHAT_LLM_ENABLED is false")


class NoAnswer(Exception):
    """The turn ended without an answer."""

    def __init__(self, turn_id: UUID, message: str) -> None:
        super().__init__(message)
        self.turn_id = turn_id


def _no_answer(error: NoAnswer) -> Problem:
    return Problem(502, "provider_error", str(error), headers={"X-Turn-ID": str(error.turn_id)})


PROBLEMS: ProblemTable = {
    **COMMON,
    ConversationNotFound: lambda error: Problem(404, "thread_not_found", "Thread not found"),
    MessageNotFound: plain(404, "message_not_found"),
    ProviderThreadNotFound: plain(404, "provider_state_not_found"),
    AttachmentNotFound: plain(404, "attachment_not_found"),
    ModelRequired: plain(400, "model_required"),
    InvalidText: plain(400, "invalid_text"),
    InvalidAttachment: plain(400, "invalid_attachment"),
    LlmDisabled: plain(503, "llm_disabled"),
    NoAnswer: _no_answer,
}
