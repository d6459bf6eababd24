"""Lists stay quick however much there is: 10,000 threads, and a thread of 100,000 messages."""

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.accounts import Account, database_of, execute, manage, signed_up
from tests.api.threads import call
from tests.client import Databases, Server
from tests.conftest import UNLIMITED, found

THREADS, MESSAGES = 10_000, 100_000
ROUNDS = 25
# Generous: a machine that is busy with other tests doubles a median now and then.
MOST_TIMES, MOST_SECONDS = 12.0, 0.25

# Ids as they come, and ids that rise, as those of a thread's messages do.
SQLITE = {
    "new_id": "lower(hex(randomblob(16)))",
    "next_id": "'0190000000007000' || printf('%016x', n)",
}
POSTGRESQL = {
    "new_id": "gen_random_uuid()",
    "next_id": "('0190000000007000' || lpad(to_hex(n), 16, '0'))::uuid",
}
FILL = """
import json
from conversations.models import Conversation
newest = []
for user, threads, messages in {people!r}:
    rows = Conversation.objects.bulk_create(
        (
            Conversation(
                workspace='user:' + user, surface='threads', title='T',
                has_title=True, message_count=1,
                metadata={{'model': 'scripted-small'}},
            )
            for _ in range(threads)
        ),
        batch_size=2000,
    )
    Conversation.objects.filter(id=rows[-1].id).update(message_count=messages)
    newest.append(str(rows[-1].id))
print(json.dumps(newest))
"""
# By the database: a hundred thousand objects would take longer to make than to store.
ONE_EACH = """
INSERT INTO conversations_message (
    id, conversation_id, role, content, status, sender_id, metadata, created_at, updated_at
)
SELECT {new_id}, id, 'user', 'Hi', 'ready', '', '{{}}', {now}, {now}
FROM conversations_conversation WHERE workspace = 'user:{user}'
"""
MANY = """
WITH RECURSIVE numbers(n) AS (
    SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}
)
INSERT INTO conversations_message (
    id, conversation_id, role, content, status, sender_id, metadata, created_at, updated_at
)
SELECT {next_id}, '{thread}', 'user', '{text}', 'ready', '', '{{}}', {now}, {now} FROM numbers
"""

# Most of the tables is other people's, as it is where an index matters.
OTHERS = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 60000)
INSERT INTO conversations_conversation (
    id, workspace, surface, model, provider, fallback_provider, metadata, title, product, agent,
    has_title, message_count, created_at, updated_at
)
SELECT {new_id}, 'user:' || (n - n / 50 * 50), 'threads', '', '', '', '{{}}', 'T', '', '',
    true, 5, {now}, {now}
FROM numbers
"""
THEIR_MESSAGES = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5)
INSERT INTO conversations_message (
    id, conversation_id, role, content, status, sender_id, metadata, created_at, updated_at
)
SELECT {new_id}, c.id, 'user', 'Hi', 'ready', '', '{{}}', {now}, {now}
FROM conversations_conversation c, numbers WHERE c.message_count = 5
"""

PLANS = """
import json
from django.db import connection
from django.test.utils import CaptureQueriesContext
from accounts.callers import user_caller
from accounts.models import User
from conversations import shelf
from conversations.access import conversation_for
caller = user_caller(User.objects.get(id={user!r}))
kind = 'EXPLAIN QUERY PLAN ' if connection.vendor == 'sqlite' else 'EXPLAIN '
with CaptureQueriesContext(connection) as seen:
    for number, everything in ((1, False), (50, False), (1, True)):
        shelf.page_of_conversations(
            caller, surface='threads', number=number, limit=20, everything=everything
        )
    thread = conversation_for(caller, {thread!r}, surface='threads')
    for number in (1, 500):
        shelf.page_of_messages(thread, number=number, limit=20)
plans = []
for query in seen.captured_queries:
    with connection.cursor() as cursor:
        cursor.execute(kind + query['sql'].replace('%', '%%'))
        plans.append([query['sql'], [str(row[-1]) for row in cursor.fetchall()]])
print(json.dumps(plans))
"""


@dataclass(frozen=True)
class Shelf:
    """Someone's threads; `thread` is the newest."""

    owner: Account
    thread: str

    @classmethod
    def of(cls, owner: Account) -> "Shelf":
        page = call(owner, "GET", "/api/threads", params={"limit": 1}).json()
        return cls(owner, page["items"][0]["id"])

    def seconds(self, path: str) -> float:
        """The median of some calls."""
        taken = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            answer = call(self.owner, "GET", path.format(thread=f"threads/{self.thread}"))
            taken.append(time.perf_counter() - started)
            assert answer.status_code == 200, answer.text
        return statistics.median(taken)


@pytest.fixture(scope="module")
def server(database_kind: str, databases: Databases) -> Iterator[Server]:
    """Not the one of all tests, which would be busy indexing all that for a long time."""
    url = found(lambda: databases.new(database_kind))
    started = Server.start(url, {**UNLIMITED, "CHAT_SEARCH_ENABLED": "false"})
    yield started
    started.stop()


@pytest.fixture(scope="module")
def shelves(server: Server) -> tuple[Shelf, Shelf]:
    """A small one and a large one."""
    people = [signed_up(server), signed_up(server)]
    sizes = [(25, 25), (THREADS, MESSAGES)]
    filled = [(person.id, *size) for person, size in zip(people, sizes, strict=True)]
    newest = json.loads(manage(server, FILL.format(people=filled)))
    is_sqlite = "sqlite" in database_of(server)
    words = {"now": "CURRENT_TIMESTAMP", **(SQLITE if is_sqlite else POSTGRESQL)}
    first = 1
    for (user, _, count), thread in zip(filled, newest, strict=True):
        execute(server, ONE_EACH.format(user=user, **words))
        place = {"thread": thread.replace("-", "") if is_sqlite else thread, "first": first}
        first += count
        execute(server, MANY.format(last=first - 2, text="word " * 40, **place, **words))
    execute(server, OTHERS.format(**words))
    execute(server, THEIR_MESSAGES.format(**words))
    if not is_sqlite:
        # What autovacuum does within a minute.
        execute(server, "ANALYZE")
    small, large = map(Shelf.of, people)
    return small, large


PATHS = [
    "/api/threads",
    "/api/threads?page=50",
    "/api/threads?include_deleted=true",
    "/api/{thread}",
    "/api/{thread}/messages",
    "/api/{thread}/messages?page=500",
]


@pytest.mark.timeout(300)
def test_large_lists_are_read_like_small_ones(
    shelves: tuple[Shelf, Shelf], capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue 4: as ratios, because the machine is not always the same."""
    small, large = shelves
    kind = "sqlite" if "sqlite" in database_of(small.owner.server) else "postgresql"
    taken = [(path, small.seconds(path), large.seconds(path)) for path in PATHS]
    with capsys.disabled():
        print(f"\n{kind}: 25 threads of 25 messages, and {THREADS} of {MESSAGES}")
        for path, few, many in taken:
            print(f"  {path:36} {few * 1000:6.1f} ms {many * 1000:6.1f} ms  x {many / few:.1f}")
    for path, few, many in taken:
        assert many < max(MOST_TIMES * few, 0.02), path
        assert many < MOST_SECONDS, path


@pytest.mark.timeout(300)
def test_every_list_is_read_by_an_index(
    shelves: tuple[Shelf, Shelf], capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue 4: no query of a list reads a whole table, or sorts."""
    _, large = shelves
    code = PLANS.format(user=large.owner.id, thread=large.thread)
    plans: list[Any] = json.loads(manage(large.owner.server, code))
    assert len(plans) >= 9
    with capsys.disabled():
        for sql, steps in plans:
            print(f"\n{sql.partition(' FROM ')[2][:150]}")
            print("\n".join(f"    {step}" for step in steps))
    for sql, steps in plans:
        assert [step for step in steps if _is_slow(step, sql)] == [], sql


def _is_slow(step: str, sql: str) -> bool:
    """A line of EXPLAIN that takes longer the more rows there are, in either database's words."""
    if 'FROM "conversations_attachment"' in sql:
        return step.startswith("SCAN ")
    if step.startswith("SCAN "):
        return "INDEX" not in step
    return any(word in step for word in ("Seq Scan", "TEMP B-TREE", "Sort Key"))
