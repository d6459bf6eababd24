"""What turns can be filtered by; the choices are known without asking the database."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from conversations.models import Turn
from conversations.turns.events import DELETED, FALLBACK_MISSING, INTERNAL, INTERRUPTED
from providers.errors import ProviderFault
from providers.registry import registry


class ProviderFilter(SimpleListFilter):
    """By the providers that are configured."""

    title = "provider"
    parameter_name = "provider"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in registry().configured()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Turn]) -> QuerySet[Turn]:
        return queryset.filter(provider=self.value()) if _is_offered(self) else queryset


class FaultFilter(SimpleListFilter):
    title = "fault"
    parameter_name = "fault"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        ours = (INTERRUPTED, FALLBACK_MISSING, DELETED, INTERNAL)
        return [(kind, kind.replace("_", " ")) for kind in (*_kinds(ProviderFault), *ours)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Turn]) -> QuerySet[Turn]:
        return queryset.filter(fault=self.value()) if _is_offered(self) else queryset


def _is_offered(chosen: SimpleListFilter) -> bool:
    """An address typed by hand may say anything."""
    return any(chosen.value() == choice for choice, _ in chosen.lookup_choices)


def _kinds(fault: type[ProviderFault]) -> list[str]:
    """Of a fault and of all its special cases."""
    return [fault.kind, *(kind for case in fault.__subclasses__() for kind in _kinds(case))]
