"""What is on the pictures of `docs/screenshots`: two people, and what they have talked about."""

# ruff: noqa: RUF001 - people write so

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from conversations.ids import new_id
from tests.api.accounts import Account, administrator, register, signed_in
from tests.client import Server

TIDES = """The Moon pulls on the near side of the Earth more than on its centre, and on the \
centre more than on the far side. What is left over **stretches** the oceans into two bulges.

| | Moon | Sun |
|---|--:|--:|
| Mass (kg) | 7.3 × 10²² | 2.0 × 10³⁰ |
| Distance (km) | 384 400 | 149 600 000 |
| Share of the tide | 69 % | 31 % |

The difference of the pulls falls with the *cube* of the distance:

$$a \\approx \\frac{2 G M r}{d^3}$$

```python
def tidal(mass: float, distance: float) -> float:
    return 2 * G * mass * RADIUS / distance**3  # m/s²
```

- [x] Two high tides a day
- [ ] Why the Bay of Fundy is special[^1]

[^1]: Its length makes it swing along with the tide, like a bath tub.
"""
JAZR = """ماه نیمهٔ نزدیک زمین را بیش از مرکز آن می‌کشد و مرکز را بیش از نیمهٔ دور. آنچه می‌ماند \
اقیانوس‌ها را از دو سو **می‌کشد**.

| | ماه | خورشید |
|---|--:|--:|
| فاصله (کیلومتر) | ۳۸۴٬۴۰۰ | ۱۴۹٬۶۰۰٬۰۰۰ |
| سهم در کشند | ۶۹٪ | ۳۱٪ |

این نیرو با *مکعب* فاصله کم می‌شود:

$$a \\approx \\frac{2 G M r}{d^3}$$

```python
def tidal(mass: float, distance: float) -> float:
    return 2 * G * mass * RADIUS / distance**3  # m/s²
```

- [x] روزی دو بار مد
- [ ] چرا خلیج Fundy ویژه است[^1]

[^1]: درازای آن چنان است که با کشند هم‌نوا می‌شود.
"""


Line = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """Somebody, the question that is pictured, its answer, and the titles of other talks."""

    name: str
    full_name: str
    question: str
    answer: str
    word: str
    titles: tuple[str, ...]
    thrown_away: tuple[str, ...]
    key: str


ADA = Person(
    name="ada",
    full_name="Ada Lovelace",
    question="Why are there two high tides a day?",
    answer=TIDES,
    word="tide",
    titles=(
        *("A letter to the landlord", "Seven names for a cat", "Postgres: which index?"),
        *("Bread without kneading", "Train from Lyon to Turin", "Explain monads once more"),
        *("Notes for the Tuesday talk", "Repairing a bicycle pump", "Summary of chapter four"),
        *("The walrus and the carpenter", "Birthday present for Tom", "Regex for phone numbers"),
    ),
    thrown_away=("Shopping list", "Test", "A joke about rounding"),
    key="Backup script",
)
OMID = Person(
    name="omid",
    full_name="امید رستگار",
    question="چرا روزی دو بار مد می‌شود؟",
    answer=JAZR,
    word="ماه",
    titles=(
        *("نامه به صاحب‌خانه", "هفت نام برای گربه", "کدام index در Postgres؟"),
        *("نان بی ورز دادن", "قطار تهران به مشهد", "یک بار دیگر monad"),
        *("یادداشت برای سه‌شنبه", "تعمیر تلمبهٔ دوچرخه", "چکیدهٔ فصل چهارم"),
        *("شعری از حافظ", "هدیه برای سارا", "Regex for phone numbers"),
    ),
    thrown_away=("فهرست خرید", "آزمایش", "لطیفه‌ای دربارهٔ گرد کردن"),
    key="برنامهٔ پشتیبان",
)


def moved_in(server: Server, person: Person) -> Account:
    """The person with all that they have said before, who is an administrator."""
    register(server, person.name, by=administrator(server), full_name=person.full_name)
    account = signed_in(server, person.name)
    account.change("user.roles = ['admin']; user.save(update_fields=['roles'])")
    lines: list[Line] = []
    for place, title in enumerate(person.titles):
        lines += _talk(title, age=timedelta(hours=7 * (place + 1) ** 1.5))
    for place, title in enumerate(person.thrown_away):
        lines += _talk(title, age=timedelta(days=place + 1), is_deleted=True)
    headers = account.headers | {"Content-Type": "application/x-ndjson"}
    server.post("/api/import", content=_file_of(lines), headers=headers).raise_for_status()
    account.new_key(name=person.key)
    return account


def _talk(title: str, *, age: timedelta, is_deleted: bool = False) -> list[Line]:
    at = (datetime.now(UTC) - age).isoformat()
    common = {"created_at": at, "updated_at": at}
    row = {"type": "conversation", "id": str(new_id()), "surface": "threads", "title": title}
    row |= {"deleted_at": at} if is_deleted else {}
    said = {"type": "message", "conversation_id": row["id"], "content": title}
    question = {"id": str(new_id()), "role": "user", "sender_id": "owner"}
    answer = {"id": str(new_id()), "role": "assistant", "sender_id": "assistant"}
    return [{**common, **each} for each in (row, said | question, said | answer)]


def _file_of(lines: list[Line]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
