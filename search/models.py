"""The rows behind search: what is to be indexed yet, and what the words index holds."""

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from conversations.models import Conversation, Message


def _new_number() -> int:
    return secrets.randbelow(2**53)


class Change(models.Model):
    """Something that an index may not know yet: the outbox, written with what it speaks of.

    Each change stands here once for each lane. `source_id` is the message's id, or that of the
    conversation for its title and summary, or null for all of the conversation; none of them
    need exist any more. `workspace` is the owner's that it has left, else empty.
    """

    class Lane(models.TextChoices):
        WORDS = "words"
        VECTORS = "vectors"

    id = models.BigAutoField(primary_key=True)
    lane = models.CharField(max_length=8, choices=Lane)
    workspace = models.CharField(max_length=64, blank=True, default="")
    conversation_id = models.UUIDField()
    source_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    error = models.TextField(blank=True, default="")
    set_aside_at = models.DateTimeField(null=True)
    # Kept for an index that is being built, which has to hear of it too.
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "search index failure"
        indexes: ClassVar = [
            models.Index(
                fields=["lane", "id"],
                name="changes_to_index",
                condition=Q(set_aside_at=None, done_at=None),
            ),
            models.Index(
                fields=["lane"],
                name="changes_set_aside",
                condition=Q(set_aside_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lane} {self.source_id or self.conversation_id}"


class VectorIndex(models.Model):
    """One generation of the vectors, made by one embedding model; search asks the active one.

    `place` tells where it is: in the folder of one process, or on a Chroma server. `reached` is
    the last conversation that a build has done, so that it can go on from there.
    """

    class Status(models.TextChoices):
        BUILDING = "building"
        ACTIVE = "active"
        RETIRED = "retired"

    class Place(models.TextChoices):
        FOLDER = "folder"
        SERVER = "server"

    # Two installations may share a Chroma server, where it is part of the names.
    id = models.BigIntegerField(primary_key=True, default=_new_number, editable=False)
    model = models.TextField()
    place = models.CharField(max_length=8, choices=Place)
    status = models.CharField(max_length=8, choices=Status)
    reached = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["status"],
                name="one_vector_index_of_a_status",
                condition=~Q(status="retired"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} ({self.status})"


class Gap(models.Model):
    """Search was off for a while, and does not know what was stored since then."""

    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.since.isoformat()


class WordDocument(models.Model):
    """A text as the words index sees it: folded, its words apart by single spaces.

    Either a message, or the title and summary of a conversation: then `message` is null.
    `source_id` is the message's id or else the conversation's. A long text is in several
    `part`s. `digest` tells what it was made from, so that nothing is indexed twice.
    """

    id = models.BigAutoField(primary_key=True)
    workspace = models.CharField(max_length=64)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    message = models.ForeignKey(
        Message, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    source_id = models.UUIDField()
    part = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=32)
    text = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source_id", "part"], name="one_document_per_part")
        ]
        indexes: ClassVar = [models.Index(fields=["workspace", "id"])]

    def __str__(self) -> str:
        return f"{self.source_id}:{self.part}"


class KnownWord(models.Model):
    """A word that some of the owner's documents have, for those who spell it nearly so."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.CharField(max_length=64)
    text = models.CharField(max_length=40)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "text"], name="one_known_word_of_an_owner")
        ]

    def __str__(self) -> str:
        return self.text
