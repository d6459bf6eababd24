"""The entries of the bypass list as they are kept (C-5.6, C-7)."""

import datetime as dt
from ipaddress import ip_address

import pytest
from django.utils import timezone

from accounts import bypass
from accounts.errors import BypassNotFound
from accounts.models import RateLimitBypass


@pytest.mark.django_db
def test_an_entry_that_has_expired_is_gone() -> None:
    past = timezone.now() - dt.timedelta(seconds=1)
    bypass.add("10.0.0.1", expires_at=past)
    bypass.add("10.0.0.2", expires_at=timezone.now() + dt.timedelta(hours=1))
    assert bypass.listed() == ["10.0.0.2"]
    with pytest.raises(BypassNotFound):
        bypass.remove("10.0.0.1")


@pytest.mark.django_db
def test_an_entry_that_has_expired_can_be_added_again() -> None:
    bypass.add("10.0.0.1", expires_at=timezone.now() - dt.timedelta(seconds=1), note="for a day")
    bypass.add("10.0.0.1", note="for good")
    assert bypass.listed() == ["10.0.0.1"]
    assert RateLimitBypass.objects.get().note == "for good"


@pytest.mark.django_db
def test_adding_again_keeps_what_is_known_of_an_entry() -> None:
    """C-7: "adds nothing"."""
    soon = timezone.now() + dt.timedelta(hours=1)
    bypass.add("10.0.0.1", note="the office", expires_at=soon)
    bypass.add("10.0.0.1")
    row = RateLimitBypass.objects.get()
    assert (row.note, row.expires_at) == ("the office", soon)


@pytest.mark.parametrize(
    ("entry", "address", "expected"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.0/8", "10.255.255.255", True),
        ("10.0.0.0/8", "11.0.0.0", False),
        ("0.0.0.0/0", "203.0.113.9", True),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("::/0", "203.0.113.9", False),
        ("2001:db8::/32", "2001:db8:ffff::1", True),
        ("2001:db8::1", "2001:db8::2", False),
    ],
)
def test_an_entry_holds_what_is_inside(entry: str, address: str, expected: bool) -> None:
    """C-5.6"""
    assert bypass.holds([entry], ip_address(address)) is expected
    assert not bypass.holds([], ip_address(address))
