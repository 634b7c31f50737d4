"""The little of MQTT 3.1.1 that a reader needs, over a WebSocket: connect, publish and know that it arrived."""

from __future__ import annotations

import asyncio
import itertools
import struct

import aiohttp

CONNECT, CONNACK, PUBLISH, PUBACK, DISCONNECT = 0x10, 0x20, 0x32, 0x40, 0xE0
"""First bytes of packets; PUBLISH as one that is to be acknowledged (QoS 1)."""
KEEP_ALIVE = 1200
"""Seconds of silence after which a broker gives a client up: the most that AWS IoT allows."""


class Client:
    """One client of the broker at `url`, called `name`. Whatever is published waits until the broker has it."""

    def __init__(self, session: aiohttp.ClientSession, url: str, host: str, name: str) -> None:
        self._session, self._url, self._host, self._name = session, url, host, name
        self._numbers = itertools.cycle(range(1, 2**16))
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Raises ConnectionError when the broker does not let it in."""
        self._socket = await self._session.ws_connect(self._url, protocols=["mqtt"], headers={"Host": self._host})
        told = _text("MQTT") + struct.pack("!BBH", 4, 0x02, KEEP_ALIVE) + _text(self._name)
        await self._socket.send_bytes(_packet(CONNECT, told))
        answer = await self._socket.receive_bytes(timeout=10)
        if answer[0] != CONNACK or answer[3]:
            raise ConnectionError(f"the broker does not let {self._name} in")
        self._reader = asyncio.create_task(self._read())

    async def publish(self, topic: str, payload: bytes) -> None:
        """Return once the broker has acknowledged it. Raises TimeoutError when it does not."""
        number = next(self._numbers)
        arrived = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send_bytes(_packet(PUBLISH, _text(topic) + struct.pack("!H", number) + payload))
            await asyncio.wait_for(arrived, 30)
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        if self._reader:
            self._reader.cancel()
        await self._socket.send_bytes(bytes([DISCONNECT, 0]))
        await self._socket.close()

    async def _read(self) -> None:
        buffer = b""
        async for message in self._socket:
            if message.type != aiohttp.WSMsgType.BINARY:
                continue
            buffer += message.data
            # a broker that only acknowledges sends packets of four bytes
            while len(buffer) >= 4:
                packet, buffer = buffer[:4], buffer[4:]
                if packet[0] == PUBACK and (arrived := self._waiting.get(int.from_bytes(packet[2:4]))):
                    arrived.set_result(None)


def _text(text: str) -> bytes:
    told = text.encode()
    return struct.pack("!H", len(told)) + told


def _packet(kind: int, body: bytes) -> bytes:
    left, length = len(body), bytearray()
    while True:
        left, digit = left >> 7, left & 0x7F
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([kind]) + bytes(length) + body
