"""The outbox on the admin site, and what else operators do about search."""

from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Turn
from search.models import Change
from tests.accounts.admin_pages import administrator, page, sent
from tests.api.accounts import PASSWORD
from tests.search.test_outbox import thread

pytestmark = pytest.mark.django_db(transaction=True)
CHANGES = "/admin/search/change/"


def test_what_was_set_aside_is_shown_and_can_be_tried_again() -> None:
    staff, conversation, source = administrator(), uuid4(), uuid4()
    failed = Change.objects.create(
        lane="words",
        conversation_id=conversation,
        source_id=source,
        attempts=6,
        error="TextRefused: no",
        set_aside_at=timezone.now(),
    )
    still_to_do = Change.objects.create(lane="words", conversation_id=uuid4())
    shown = page(CHANGES, staff)
    assert (str(source) in shown, "TextRefused: no" in shown) == (True, True)
    assert str(still_to_do.conversation_id) not in shown
    sent(CHANGES, staff, {"action": "try_again", "_selected_action": [failed.id]})
    failed.refresh_from_db()
    assert (failed.set_aside_at, failed.attempts) == (None, 0)


def test_what_nobody_owned_becomes_a_users() -> None:
    user = User.objects.create_user("ann", PASSWORD)
    conversation = thread("A title")
    Turn.objects.create(
        conversation=conversation,
        workspace="anonymous",
        worker_id="w",
        heartbeat_at=timezone.now(),
        idempotency_key="k",
    )
    call_command("hand_over", "anonymous", "ann")
    assert Conversation.objects.get().workspace == f"user:{user.id}"
    turn = Turn.objects.get()
    assert (turn.workspace, turn.idempotency_key) == (f"user:{user.id}", None)
    with pytest.raises(CommandError, match="no user"):
        call_command("hand_over", "anonymous", "bob")
