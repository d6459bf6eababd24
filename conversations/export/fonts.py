"""Folders of fonts that came with Python packages. The machine's own are found by Typst."""

from functools import cache
from importlib.util import find_spec

PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")


@cache
def packaged_folders() -> tuple[str, ...]:
    specs = [find_spec(package) for package in PACKAGES]
    return tuple(
        folder for spec in specs if spec for folder in spec.submodule_search_locations or ()
    )
