"""What agents behind an OpenAI-compatible address add to its chunks (contracts/threads.md T-5)."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import msgspec

from providers.events import AnswerDetails, RawChunk, ReceivedFile

# Of one answer.
MOST_FILES = 20
_SIGNS = (b'"message_metadata"', b'"conversation_id"')
_UNNAMED, _UNKNOWN_TYPE = "file", "application/octet-stream"


def is_agents(payload: bytes) -> bool:
    """Whether the chunk may hold an agent's fields, without reading it."""
    return any(sign in payload for sign in _SIGNS)


@dataclass(slots=True)
class AgentReader:
    """Reads the agent's fields of one answer, chunk by chunk."""

    conversation_id: str | None = None
    text: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    files: int = 0

    @property
    def details(self) -> AnswerDetails | None:
        if self.conversation_id is None and self.text is None and not self.metadata:
            return None
        return AnswerDetails(self.conversation_id, self.text, self.metadata)

    def read(self, raw: RawChunk) -> RawChunk:
        """The chunk as clients are to get it: files by id, and a question as text."""
        try:
            chunk = msgspec.json.decode(raw.data)
        except ValueError:
            # Numbers that are too large for Python are still JSON for somebody.
            return raw
        metadata = chunk.get("message_metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        self._note_conversation(chunk, metadata)
        files = _taken_out(metadata, most=MOST_FILES - self.files)
        self.files += len(files)
        self.metadata |= {name: held for name, held in metadata.items() if name != "attachments"}
        question = _question(metadata)
        if question:
            self.text = question
            _put_text(chunk, question)
        if not (files or question):
            return raw
        ids = tuple(file.file_id for file in files)
        return RawChunk(msgspec.json.encode(chunk), question or raw.text, ids, files)

    def _note_conversation(self, chunk: dict[str, Any], metadata: dict[str, Any]) -> None:
        for holder in (chunk, metadata):
            if isinstance(found := holder.get("conversation_id"), str) and found:
                self.conversation_id = found


def _question(metadata: dict[str, Any]) -> str:
    """What an agent asks that has interrupted itself."""
    payload = metadata.get("interrupt_payload")
    if not isinstance(payload, dict):
        return ""
    asked = payload.get("content") or payload.get("question")
    return asked if isinstance(asked, str) else ""


def _put_text(chunk: dict[str, Any], text: str) -> None:
    choices = chunk.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    first = first if isinstance(first, dict) else {}
    delta = first.get("delta")
    first["delta"] = {**(delta if isinstance(delta, dict) else {}), "content": text}
    chunk["choices"] = [first, *(choices[1:] if isinstance(choices, list) else ())]


def _taken_out(metadata: dict[str, Any], *, most: int) -> tuple[ReceivedFile, ...]:
    """The files, each of which leaves its id behind in place of its bytes.

    What is beyond the number allowed is passed on and not kept.
    """
    listed = metadata.get("attachments")
    files: list[ReceivedFile] = []
    for entry in listed if isinstance(listed, list) else ():
        if len(files) >= most:
            break
        if isinstance(entry, dict) and (data := _bytes(entry.get("data"))) is not None:
            del entry["data"]
            entry["id"] = str(uuid4())
            files.append(
                ReceivedFile(
                    entry["id"],
                    _text(entry.get("filename")) or _UNNAMED,
                    _text(entry.get("content_type")) or _UNKNOWN_TYPE,
                    data,
                )
            )
    return tuple(files)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _bytes(data: Any) -> bytes | None:
    if not isinstance(data, str):
        return None
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
