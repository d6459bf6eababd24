"""Model lists that outlive the process, so that one that starts among dead providers has them."""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from django.db import Error as DatabaseFault
from django.db import connections

from providers.models import KnownModels
from providers.types import ModelInfo

logger = structlog.get_logger(__name__)


class _Line(msgspec.Struct, array_like=True):
    id: str
    name: str
    fields: dict[str, Any]


_decoder = msgspec.json.Decoder(list[_Line])


class Shelf:
    """One list for each provider, in the database."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, str]] = {}

    def lists(self) -> Mapping[str, tuple[str, tuple[ModelInfo, ...]]]:
        """By name: which server it was, and its models; raises the database's errors."""
        rows = KnownModels.objects.values_list("name", "identity", "listed")
        self._held = {name: (identity, listed) for name, identity, listed in rows}
        return {name: (each[0], _models(each[1])) for name, each in self._held.items()}

    def put(self, name: str, identity: str, models: tuple[ModelInfo, ...]) -> None:
        """Only what is new is written; where that fails, it will be the next time."""
        listed = _text(models)
        if self._held.get(name) == (identity, listed):
            return
        try:
            values = {"identity": identity, "listed": listed}
            KnownModels.objects.update_or_create(name=name, defaults=values)
        except DatabaseFault as error:
            logger.warning("model_list_not_stored", provider=name, error=type(error).__name__)
        else:
            self._held[name] = (identity, listed)
        finally:
            connections.close_all()


def _text(models: tuple[ModelInfo, ...]) -> str:
    lines = [_Line(model.id, model.name, dict(model.fields)) for model in models]
    return msgspec.json.encode(lines).decode()


def _models(listed: str) -> tuple[ModelInfo, ...]:
    return tuple(ModelInfo(line.id, line.name, line.fields) for line in _decoder.decode(listed))
