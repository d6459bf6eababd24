"""The sockets underneath: an aiohttp pool without a limit, and what its errors mean."""

import functools
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import httpx
from aiohappyeyeballs import AddrInfoType
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream

from providers.addresses import AddressForbidden, Reach
from providers.errors import (
    AddressRefused,
    AnswerUnreadable,
    ProviderFault,
    ProviderTimeout,
    ProviderUnavailable,
)

CONNECTION_FAULTS = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError)
_BODY = "parley.body"


def new_transport(reach: Reach | None = None) -> "Transport":
    """With a `reach`, each address is checked when it is connected to, however it was found."""
    return Transport(verify=_ssl_context(), client=functools.partial(_new_session, reach))


def body_of(response: httpx.Response) -> "Body":
    body = response.extensions[_BODY]
    assert isinstance(body, Body)
    return body


@contextmanager
def faults_of(provider_name: str) -> Iterator[None]:
    """Turn whatever the network and its libraries raise into a ProviderFault."""
    try:
        yield
    except CONNECTION_FAULTS as error:
        raise fault_of(provider_name, error) from error


def fault_of(provider_name: str, error: BaseException) -> ProviderFault:
    # httpx_aiohttp calls a lost connection a timeout; the error underneath knows better.
    cause = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError) else error
    if isinstance(cause, TimeoutError | httpx.TimeoutException):
        return ProviderTimeout(f"'{provider_name}' did not answer in time.")
    if isinstance(cause, aiohttp.ClientResponseError):
        return AnswerUnreadable(f"'{provider_name}' did not answer with proper HTTP.")
    if isinstance(cause, aiohttp.ClientConnectorError):
        if isinstance(cause.os_error, AddressForbidden):
            return AddressRefused(provider_name)
        return ProviderUnavailable(f"'{provider_name}' could not be reached.")
    return ProviderUnavailable(f"The connection to '{provider_name}' was lost.")


class Body(httpx.AsyncByteStream):
    """The body of one answer, as it comes in."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def read(self) -> bytes:
        """Everything that has arrived, at least one byte; empty at the end."""
        content = self._answer.content
        try:
            return await content.readany()
        except (aiohttp.ClientError, OSError):
            # aiohttp forgets what it holds when the connection is lost, but it is answer too.
            rest = content._read_nowait(-1)
            if not rest:
                raise
            return rest

    async def aclose(self) -> None:
        if self._answer.content.at_eof():
            self._answer.release()
        else:
            self._answer.close()


class Transport(AiohttpTransport):
    """Puts the body where it can be read without httpx's layers of generators."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, AiohttpResponseStream)
        body = Body(response.stream._aiohttp_response)
        response.stream = response.extensions[_BODY] = body
        return response

    def abandon(self) -> None:
        """For a loop that has ended: its session can no longer be closed, only let go."""
        if isinstance(self.client, aiohttp.ClientSession):
            self.client.detach()


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _new_session(reach: Reach | None) -> aiohttp.ClientSession:
    # No limit: the 101st stream must not wait for one of the first hundred.
    connector = aiohttp.TCPConnector(
        limit=0,
        ssl=_ssl_context(),
        socket_factory=None if reach is None else functools.partial(_checked_socket, reach),
    )
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def _checked_socket(reach: Reach, info: AddrInfoType) -> socket.socket:
    """Called for each address that is about to be connected to; raises AddressForbidden."""
    family, kind, protocol, _, address = info
    if not reach.permits(str(address[0])):
        raise AddressForbidden
    return socket.socket(family, kind, protocol)
