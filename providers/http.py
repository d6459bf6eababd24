"""How Parley calls a provider over HTTP: pooled, bounded, and with faults from one tree."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from weakref import WeakKeyDictionary

import httpx
import msgspec

from providers.errors import (
    AnswerUnreadable,
    ProviderFault,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
from providers.events import ProviderEvent
from providers.framing import AnswerParser, Splitter
from providers.refusals import decoded, error_code, error_text, retry_after
from providers.transport import (
    CONNECTION_FAULTS,
    Transport,
    body_of,
    fault_of,
    faults_of,
    new_transport,
)
from providers.types import Limits

MAX_ANSWER = 64 * 1024 * 1024
_MAX_ERROR_BODY = 64 * 1024
_MAX_ERROR_TEXT = 500
_LINGER = 0.05


class HttpAnswer:
    """An answer whose head has arrived; iterate it once for its body, in pieces as they come."""

    def __init__(self, response: httpx.Response, provider_name: str) -> None:
        self.status = response.status_code
        self.reason = response.reason_phrase
        self.headers = response.headers
        self.content_type: str = response.headers.get("content-type", "")
        self._body = body_of(response)
        self._provider_name = provider_name
        self._size = 0

    @property
    def is_json(self) -> bool:
        media_type = self.content_type.partition(";")[0].strip().lower()
        return media_type == "application/json" or media_type.endswith("+json")

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            piece = await self._body.read()
        except CONNECTION_FAULTS as error:
            raise fault_of(self._provider_name, error) from error
        if not piece:
            raise StopAsyncIteration
        self._size += len(piece)
        if self._size > MAX_ANSWER:
            raise AnswerUnreadable(
                f"The answer of '{self._provider_name}' is larger than {MAX_ANSWER} bytes."
            )
        return piece

    async def read(self) -> bytes:
        return b"".join([piece async for piece in self])

    async def drain(self) -> None:
        """Wait a moment for the end of the body: only then can its connection be used again."""
        with suppress(ProviderFault, TimeoutError):
            async with asyncio.timeout(_LINGER):
                async for _ in self:
                    pass


class HttpClient:
    """Calls one provider; keeps one pool of connections per event loop.

    `secrets` never show in the text of an error, not even when the provider repeats them.
    """

    def __init__(
        self,
        provider_name: str,
        base_url: str,
        headers: Mapping[str, str],
        limits: Limits,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self._provider_name = provider_name
        self._base_url = base_url.rstrip("/")
        self._headers = {name.encode(): _header_value(value) for name, value in headers.items()}
        self._headers[b"Accept-Encoding"] = b"identity"
        self._timeout = httpx.Timeout(limits.idle, connect=limits.connect, pool=limits.connect)
        self._patient_timeout = httpx.Timeout(None, connect=limits.connect, pool=limits.connect)
        self._reach = limits.reach
        self._secrets = sorted({s.strip() for s in secrets if s.strip()}, key=len, reverse=True)
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool] = WeakKeyDictionary()

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, json: Any = None, *, patient: bool = False
    ) -> AsyncIterator[HttpAnswer]:
        """Call, and give the answer once its head is there; leaving closes what is unread.

        Raises ProviderFault, also for any status of 300 or above.
        """
        async with self._pool().used() as client:
            with faults_of(self._provider_name):
                response = await self._send(client, method, path, json, patient=patient)
            try:
                answer = HttpAnswer(response, self._provider_name)
                if answer.status >= httpx.codes.MULTIPLE_CHOICES:
                    raise await self._refusal(answer)
                yield answer
            finally:
                await response.aclose()

    async def events(
        self,
        path: str,
        json: Any,
        parser: AnswerParser,
        splitter_for: Callable[[HttpAnswer], Splitter],
        *,
        patient: bool = False,
    ) -> AsyncGenerator[ProviderEvent, None]:
        """Post a question and yield the events of its answer.

        A `patient` caller bounds the silence itself.
        """
        async with self.stream("POST", path, json, patient=patient) as answer:
            splitter = splitter_for(answer)
            try:
                async for piece in answer:
                    for event in _parsed(splitter.feed(piece), parser):
                        yield event
                    if parser.ended:
                        await answer.drain()
                        break
                for event in _parsed(splitter.finish(), parser):
                    yield event
            except (ProviderUnavailable, ProviderTimeout):
                if not parser.complete:
                    raise
            yield parser.finish()

    async def get_json(self, path: str, timeout: float) -> bytes:  # noqa: ASYNC109
        """The whole body of a GET, within `timeout` seconds."""
        with faults_of(self._provider_name):
            async with asyncio.timeout(timeout), self.stream("GET", path) as answer:
                return await answer.read()

    async def post_json(self, path: str, json: Any) -> bytes:
        """The whole body of the answer to a POST."""
        async with self.stream("POST", path, json) as answer:
            return await answer.read()

    def refused(self, error: Any) -> ProviderRefused:
        """The refusal for an error object that came inside an answer."""
        text = self.redact(error_text({"error": error}) or "no reason given")
        return ProviderRefused(
            f"{self._provider_name} answered with an error: {text}",
            code=error_code({"error": error}),
        )

    def redact(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    async def aclose(self) -> None:
        """Close the connections of this event loop; those in use when they no longer are."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.close_when_unused()

    async def _send(
        self, client: httpx.AsyncClient, method: str, path: str, json: Any, *, patient: bool
    ) -> httpx.Response:
        body = None if json is None else msgspec.json.encode(json)
        headers = {} if body is None else {"Content-Type": "application/json"}
        timeout = self._patient_timeout if patient else self._timeout
        url = self._base_url + path
        request = client.build_request(method, url, content=body, headers=headers, timeout=timeout)
        return await client.send(request, stream=True)

    def _pool(self) -> "_Pool":
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            self._forget_closed_loops()
            pool = self._pools[loop] = self._new_pool()
        return pool

    def _forget_closed_loops(self) -> None:
        # A client refers to its loop, so that the weak key alone never lets go of either.
        for loop in [loop for loop in self._pools if loop.is_closed()]:
            self._pools.pop(loop).transport.abandon()

    def _new_pool(self) -> "_Pool":
        transport = new_transport(self._reach)
        client = httpx.AsyncClient(
            transport=transport,
            headers=self._headers,
            timeout=self._timeout,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )
        return _Pool(client, transport)

    async def _refusal(self, answer: HttpAnswer) -> ProviderRefused:
        body = b""
        with suppress(ProviderFault):
            async for piece in answer:
                body += piece
                if len(body) >= _MAX_ERROR_BODY:
                    break
        parsed = decoded(body[:_MAX_ERROR_BODY])
        text = error_text(parsed) or body.decode(errors="replace").strip()
        text = self.redact(text)
        if error_text(parsed) is None:
            text = text[:_MAX_ERROR_TEXT] or answer.reason
        return ProviderRefused(
            f"{self._provider_name} answered {answer.status}: {text}",
            answer.status,
            error_code(parsed),
            retry_after(answer.headers.get("retry-after")),
        )


@dataclass(slots=True)
class _Pool:
    client: httpx.AsyncClient
    transport: Transport
    uses: int = 0
    is_closing: bool = False

    @asynccontextmanager
    async def used(self) -> AsyncIterator[httpx.AsyncClient]:
        self.uses += 1
        try:
            yield self.client
        finally:
            self.uses -= 1
            if self.is_closing:
                await self.close_when_unused()

    async def close_when_unused(self) -> None:
        self.is_closing = True
        if not self.uses:
            await self.client.aclose()


def _header_value(value: str) -> bytes:
    """UTF-8 on one line: a title may be in any script."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", value).strip().encode()


def _parsed(payloads: list[bytes], parser: AnswerParser) -> Iterator[ProviderEvent]:
    for payload in payloads:
        if parser.ended:
            return
        yield from parser.feed(payload)
