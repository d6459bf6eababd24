"""Everything that someone owns, out and in again (docs/portable.md)."""
