"""Untrusted Markdown in, safe HTML out: whole, or block by block while an answer streams."""

from api.rendering.answers import BlockRenderer, Rendered, render
from api.rendering.blocks import Block, Splitter, split
from api.rendering.words import Words

__all__ = ["Block", "BlockRenderer", "Rendered", "Splitter", "Words", "render", "split"]
