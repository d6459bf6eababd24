"""The example file says what is true."""

import re
from pathlib import Path

from chatproject.config import Config, load

LINES = (Path(__file__).parents[2] / ".env.example").read_text("utf-8").splitlines()
SETTING = re.compile(r"# ([A-Z_]+)=(.*)")
SETTINGS = [found.groups() for line in LINES if (found := SETTING.fullmatch(line))]


def test_the_example_names_every_setting_once_and_nothing_else() -> None:
    names = [name for name, _ in SETTINGS]
    assert sorted(names) == sorted(name for name in Config.model_fields if name.isupper())


def test_the_defaults_of_the_example_are_the_real_ones() -> None:
    real = load()
    Path(".env").write_text("\n".join(f"{name}={value}" for name, value in SETTINGS), "utf-8")
    shown = load()
    assert shown.model_dump(exclude={"DATABASE_URL"}) == real.model_dump(exclude={"DATABASE_URL"})
    assert shown.database_url == real.database_url


def test_the_example_changes_nothing_as_it_is() -> None:
    real = load()
    Path(".env").write_text("\n".join(LINES), "utf-8")
    assert load() == real


def test_each_setting_has_its_line_of_explanation() -> None:
    for before, line in zip(["", *LINES], LINES, strict=False):
        if SETTING.fullmatch(line):
            assert before.startswith("# ") and not SETTING.fullmatch(before), line
