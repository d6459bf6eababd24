"""The sockets under the MCP SDK, which brings an HTTP library of its own."""

import asyncio
import socket
from collections.abc import Iterable

import httpx2
from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkStream, ConnectError

from providers.addresses import AddressForbidden, Reach


def guarded_transport(reach: Reach | None) -> httpx2.AsyncHTTPTransport:
    """With a `reach`, only addresses that it permits are connected to."""
    transport = httpx2.AsyncHTTPTransport(trust_env=False)
    if reach is not None:
        transport._pool._network_backend = _Guarded(reach)
    return transport


class _Guarded(AnyIOBackend):
    """Looks names up itself, so that what is connected to is what was checked."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        fault: Exception = AddressForbidden()
        for address in await self._permitted(host, port):
            try:
                return await super().connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except ConnectError as error:
                fault = error
        raise fault

    async def _permitted(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ConnectError(str(error)) from error
        addresses = dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found)
        return [address for address in addresses if self._reach.permits(address)]
