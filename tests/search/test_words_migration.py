"""The index can be taken away and built again from the rows."""

import pytest
from django.core.management import call_command

from conversations.ids import new_id
from search.words.backends import matching, similar
from search.words.documents import Document, put
from search.words.query import parse


@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_back_and_forth() -> None:
    put([Document("anonymous", new_id(), new_id(), "d", "some elephant")])
    call_command("migrate", "search", "0001", verbosity=0)
    call_command("migrate", "search", verbosity=0)
    assert len(matching("anonymous", parse("elephant").terms, limit=10)) == 1
    assert similar("anonymous", "elefant", 1) == ["elephant"]
