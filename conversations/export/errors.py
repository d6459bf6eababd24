"""Why a file could not be made."""


class ExportFailed(Exception):
    """The typesetter ended without a PDF; other formats may still work."""
