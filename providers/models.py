"""The rows about providers: those that administrators have added, and what models each had last."""

from typing import ClassVar

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from providers.toolbox import TOOL_SERVER_NAME
from providers.types import Handling, Limits

PLACE_OF_ROWS = 100


def _no_words() -> list[str]:
    return []


def _seconds(help_text: str) -> "models.FloatField[float | None, float | None]":
    return models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0.1)], help_text=help_text
    )


def _number(least: int, help_text: str) -> "models.IntegerField[int | None, int | None]":
    return models.IntegerField(
        null=True, blank=True, validators=[MinValueValidator(least)], help_text=help_text
    )


class ProviderConfig(models.Model):
    """A provider as an administrator has set it up, in place of a built-in one of its name.

    What is empty comes from the operator's settings for its `backend`; its key and its headers
    are encrypted (`providers.secrets`).
    """

    name = models.CharField(max_length=64, unique=True)
    backend = models.CharField(max_length=64)
    is_enabled = models.BooleanField("enabled", default=True)
    order = models.IntegerField(
        default=PLACE_OF_ROWS,
        help_text="Smaller comes first, and the first is the default provider unless"
        " DEFAULT_PROVIDER names one. The built-in ones are at 10 to 70, the demo at 1000.",
    )
    base_url = models.CharField("address", max_length=500, blank=True, default="")
    sealed_key = models.TextField(blank=True, default="", editable=False)
    sealed_headers = models.TextField(blank=True, default="", editable=False)
    default_model = models.CharField(max_length=255, blank=True, default="")
    connect = _seconds("Seconds to connect.")
    idle = _seconds("Seconds of silence, before and within an answer.")
    first_text = _seconds("Seconds until the first word.")
    total = _seconds("Seconds for a whole answer.")
    retries = _number(0, "How often it is asked again before the first word.")
    failures = _number(0, "After so many in a row it is left alone for a while. 0: never.")
    places = _number(1, "How many questions it gets at once from each process.")
    queue = _seconds("Seconds that the others wait for a place.")
    fallbacks = models.JSONField(default=_no_words, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "provider"
        ordering: ClassVar = ["order", "name"]

    def __str__(self) -> str:
        return self.name

    def limits(self, own: Limits) -> Limits:
        """`own` with what the row says."""
        connect = own.connect if self.connect is None else self.connect
        idle = own.idle if self.idle is None else self.idle
        return Limits(connect, idle, own.reach)

    def handling(self, own: Handling) -> Handling:
        """`own` with what the row says."""
        return Handling(
            first_text=own.first_text if self.first_text is None else self.first_text,
            total=own.total if self.total is None else self.total,
            retries=own.retries if self.retries is None else self.retries,
            failures=own.failures if self.failures is None else self.failures,
            places=own.places if self.places is None else self.places,
            queue=own.queue if self.queue is None else self.queue,
            fallbacks=tuple(self.fallbacks) or own.fallbacks,
        )


class ToolServer(models.Model):
    """An MCP server whose tools are lent to models; its key is encrypted (`providers.secrets`)."""

    name = models.CharField(
        max_length=32, unique=True, validators=[RegexValidator(TOOL_SERVER_NAME)]
    )
    url = models.CharField("address", max_length=500)
    is_enabled = models.BooleanField("enabled", default=True)
    sealed_key = models.TextField(blank=True, default="", editable=False)
    roles = models.JSONField(default=_no_words, blank=True)
    tools = models.JSONField(default=_no_words, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "tool server"
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class KnownModels(models.Model):
    """The list that a provider gave last, as JSON; `identity` says which server it was."""

    name = models.CharField(max_length=64, primary_key=True)
    identity = models.CharField(max_length=64)
    listed = models.TextField()
    stored_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name
