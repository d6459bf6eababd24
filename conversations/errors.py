"""Why a request about conversations is refused before anything happens.

ConversationError
├── ConversationNotFound    absent, deleted or someone else's: they look the same
├── TurnNotFound            likewise
├── AnswerNotFound          no answer of the caller's has this id
├── MessageNotFound         no such message in this conversation
├── AttachmentNotFound      absent or someone else's
├── ProviderThreadNotFound  the provider has no name of its own for the conversation
├── NothingToAnswer         the conversation has no messages
├── NotOnPath               a message that is not part of the conversation as it is now
├── IdempotencyMismatch     the key was used with another body
└── ShuttingDown            this process takes no new turns
"""


class ConversationError(Exception):
    """Root of the tree. Jobs of the writer raise these before their first write only."""


class ConversationNotFound(ConversationError):
    def __init__(self, conversation_id: object) -> None:
        super().__init__("Conversation not found")
        self.conversation_id = str(conversation_id)


class TurnNotFound(ConversationError):
    def __init__(self, turn_id: object) -> None:
        super().__init__(f"Turn {turn_id} was not found")


class AnswerNotFound(ConversationError):
    def __init__(self, answer_id: str) -> None:
        super().__init__(f"Previous response {answer_id} was not found")


class MessageNotFound(ConversationError):
    def __init__(self, message_id: object) -> None:
        super().__init__(f"Message {message_id} was not found")


class AttachmentNotFound(ConversationError):
    def __init__(self) -> None:
        super().__init__("Attachment not found")


class ProviderThreadNotFound(ConversationError):
    def __init__(self) -> None:
        super().__init__("Provider thread state not found")


class NothingToAnswer(ConversationError):
    def __init__(self) -> None:
        super().__init__("No messages in conversation")


class NotOnPath(ConversationError):
    def __init__(self) -> None:
        super().__init__("This message is not part of the conversation any more: load it again.")


class IdempotencyMismatch(ConversationError):
    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with another request.")


class ShuttingDown(ConversationError):
    def __init__(self) -> None:
        super().__init__("The server is shutting down; ask again.")
