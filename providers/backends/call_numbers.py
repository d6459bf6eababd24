"""Which call of a tool a piece belongs to, from servers that number them carelessly."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class CallNumbers:
    """Counts the calls of one answer from 0.

    Gemini leaves numbers out, or gives all calls the number 0; vLLM gives each piece of a call
    another id. What begins a call is a name under an id that was not heard before.
    """

    count: int = 0
    _by_theirs: dict[int, int] = field(default_factory=dict)
    _by_id: dict[str, int] = field(default_factory=dict)

    def of(self, theirs: int | None, call_id: str | None, name: str | None) -> int:
        if call_id and call_id in self._by_id:
            return self._by_id[call_id]
        if not self._continues(theirs, call_id, name):
            return self._begun(theirs, call_id)
        return self.count - 1 if theirs is None else self._by_theirs[theirs]

    def _continues(self, theirs: int | None, call_id: str | None, name: str | None) -> bool:
        is_known = self.count > 0 if theirs is None else theirs in self._by_theirs
        begins = bool(name) and (bool(call_id) or theirs is None)
        return is_known and not begins

    def _begun(self, theirs: int | None, call_id: str | None) -> int:
        number, self.count = self.count, self.count + 1
        if theirs is not None:
            self._by_theirs[theirs] = number
        if call_id:
            self._by_id[call_id] = number
        return number
