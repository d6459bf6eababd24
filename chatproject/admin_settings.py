"""How the admin site looks: its title and its menu (django-unfold's setting `UNFOLD`)."""

from typing import Any

from django.urls import reverse_lazy


def unfold_settings(title: str) -> dict[str, Any]:
    return {
        "SITE_TITLE": title,
        "SITE_HEADER": title,
        "SITE_SUBHEADER": "Administration",
        "SITE_SYMBOL": "forum",
        "SHOW_BACK_BUTTON": True,
        "SIDEBAR": {
            "show_search": False,
            "navigation": [
                _group(
                    "Who may ask",
                    _item("Users", "person", "accounts_user"),
                    _item("API keys", "key", "accounts_apikey"),
                    _item("Rate limit bypasses", "traffic", "accounts_ratelimitbypass"),
                    _item("Budgets", "savings", "accounts_budget"),
                    _item("Usage", "bar_chart", "accounts_usage"),
                ),
                _group(
                    "Who answers",
                    _item("Providers", "neurology", "providers_providerconfig"),
                ),
                _group(
                    "What was asked",
                    _item("Conversations", "forum", "conversations_conversation"),
                    _item("Turns", "sync_alt", "conversations_turn"),
                    _item("Search failures", "search_off", "search_change"),
                ),
            ],
        },
    }


def _group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    """A menu entry; `icon` is a name of the Material Symbols font that Unfold brings along."""
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}
