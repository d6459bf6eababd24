"""Why something of a file is refused.

PortableError
├── Unreadable      a line that is not of the format; the message says why
└── NotAnExport     a file that is neither ours nor ChatGPT's
"""


class PortableError(Exception):
    """Root of the tree."""


class Unreadable(PortableError):
    """A line or an item of a list that is not of the format."""


class NotAnExport(PortableError):
    def __init__(self) -> None:
        super().__init__(
            "The file is neither a Parley export (JSON lines) nor ChatGPT's conversations.json"
        )
