"""The rows behind conversations; contracts and limits are the dialects' business."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from conversations.ids import new_id


class Conversation(models.Model):
    """A sequence of messages of one workspace.

    `surface` names the dialect it was begun in; a dialect only sees its own. `memory_limit`
    is the number of messages kept, or null for all of them. `product` and `agent` are what
    `metadata` names as such, for the users' allow lists. A deleted one is kept, out of sight.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.CharField(max_length=64)
    surface = models.CharField(max_length=32)
    model = models.TextField(blank=True, default="")
    provider = models.TextField(blank=True, default="")
    fallback_provider = models.TextField(blank=True, default="")
    memory_limit = models.PositiveIntegerField(null=True)
    metadata = models.JSONField(default=dict)
    title = models.CharField(max_length=255, null=True)  # noqa: DJ001 - null means none yet
    summary = models.CharField(max_length=1024, null=True)  # noqa: DJ001 - as above
    product = models.TextField(blank=True, default="")
    agent = models.TextField(blank=True, default="")
    has_title = models.BooleanField(default=False)
    # Kept, because counting is slow where there are many.
    message_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "surface", "id"]),
            models.Index(fields=["workspace", "-updated_at", "-id"], name="conversations_latest"),
            models.Index(
                fields=["workspace", "surface", "id"],
                name="conversations_begun",
                condition=Q(deleted_at=None, has_title=True, message_count__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Message(models.Model):
    """What one side said. Only `ready` messages are part of the conversation's history.

    `parent` is the message it follows; several children of one parent are branches. Those with
    the same `versions` stand in one place; what has a `superseded_at` is not on the path.
    `model` is the model as it was asked for. `sender_id` is the user's id, `assistant`, or
    empty where a dialect has no senders; `correlation_id` is the provider's id of the answer.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        PROCESSING = "processing"
        READY = "ready"
        ERROR = "error"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    role = models.TextField()
    content = models.TextField()
    model = models.TextField(null=True)  # noqa: DJ001 - null means that none was named
    status = models.CharField(max_length=16, choices=Status, default=Status.READY)
    sender_id = models.TextField(blank=True, default="")
    metadata = models.JSONField(default=dict)
    tokens_count = models.BigIntegerField(null=True)
    error_code = models.CharField(max_length=128, null=True)  # noqa: DJ001 - null means none
    correlation_id = models.TextField(null=True)  # noqa: DJ001 - null means none
    versions = models.UUIDField(null=True)
    superseded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["conversation", "id"])]

    def __str__(self) -> str:
        return str(self.id)


class Turn(models.Model):
    """One question and what came of it, owned by the worker that runs it.

    `text` is the answer, or as much of it as came. `chain_id` is the id by which the
    provider itself can continue from this answer.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"
        STOPPED = "stopped"
        INTERRUPTED = "interrupted"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    workspace = models.CharField(max_length=64)
    question = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    # Outlives the message, which a memory limit may drop: the same key gets the same answer.
    answer = models.ForeignKey(
        Message, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    # The answer in whose place its own comes, if it gets one.
    replaces = models.UUIDField(null=True)
    # Of the HTTP request that asked, as the access log has it.
    request_id = models.CharField(max_length=128, blank=True, default="")
    status = models.CharField(max_length=16, choices=Status, default=Status.RUNNING)
    worker_id = models.CharField(max_length=128)
    heartbeat_at = models.DateTimeField()
    stop_requested = models.BooleanField(default=False)
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001 - unique if set
    request_digest = models.CharField(max_length=64, blank=True, default="")
    provider = models.TextField(blank=True, default="")
    model = models.TextField(blank=True, default="")
    source = models.CharField(max_length=32, blank=True, default="")
    chain_id = models.TextField(blank=True, default="")
    text = models.TextField(blank=True, default="")
    # Each with the names of `conversations.turns.tools.ToolUsed`.
    tools_used = models.JSONField(default=list)
    finish_reason = models.TextField(blank=True, default="")
    usage = models.JSONField(null=True)
    fault = models.CharField(max_length=32, blank=True, default="")
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "idempotency_key"], name="one_turn_per_idempotency_key"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["heartbeat_at"], name="running_turns", condition=Q(finished_at=None)
            ),
            models.Index(
                fields=["workspace", "chain_id"], name="chained_turns", condition=~Q(chain_id="")
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Attempt(models.Model):
    """One provider asked within a turn; `outcome` is `completed` or the kind of fault."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="attempts")
    ordinal = models.PositiveSmallIntegerField()
    provider = models.TextField()
    model = models.TextField(blank=True, default="")
    source = models.CharField(max_length=32)
    outcome = models.CharField(max_length=32)
    upstream_status = models.PositiveSmallIntegerField(null=True)
    error = models.TextField(blank=True, default="")
    # What was done about a fault: asked again, asked another, or given up.
    next_step = models.TextField(blank=True, default="")
    usage = models.JSONField(null=True)
    started_at = models.DateTimeField()
    first_text_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["turn", "ordinal"], name="attempts_are_numbered")
        ]

    def __str__(self) -> str:
        return f"{self.turn_id}#{self.ordinal}"


class TurnPage(models.Model):
    """The events of a turn from one flush to the next, `first_seq` to `last_seq`.

    `events` is what `conversations.turns.pages` encodes. Pages outlive their turn for
    some minutes, so that a client can take up the stream where it lost it.
    """

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="pages")
    first_seq = models.PositiveIntegerField()
    last_seq = models.PositiveIntegerField()
    events = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["turn", "first_seq"], name="pages_do_not_overlap")
        ]

    def __str__(self) -> str:
        return f"{self.turn_id}:{self.first_seq}-{self.last_seq}"


class ProviderThread(models.Model):
    """What a provider calls a conversation that it keeps itself."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="provider_threads"
    )
    provider = models.CharField(max_length=64)
    external_id = models.TextField()
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation", "provider"], name="one_state_per_provider"
            )
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} at {self.provider}"


class Attachment(models.Model):
    """A file of a message; its bytes are in Django's storage under `stored_as`.

    Of a file that a provider has sent, `message` is null until the answer is stored.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="attachments"
    )
    message = models.ForeignKey(
        Message, null=True, on_delete=models.CASCADE, related_name="attachments"
    )
    turn = models.ForeignKey(Turn, null=True, on_delete=models.SET_NULL, related_name="+")
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()
    stored_as = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.id)
