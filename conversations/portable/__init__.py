"""Everything that someone owns, as a file, and back (docs/portable.md)."""
