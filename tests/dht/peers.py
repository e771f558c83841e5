"""Peers on loopback that are told how to behave: seeders of one transport, and liars."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import libtorrent as lt

PORT = 20111
PIECE_BYTES = 16 * 1024
_PROTOCOL = b"\x13BitTorrent protocol"
_EXTENDED, _UT_METADATA = 20, 2


PRIVATE = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "allow_multiple_connections_per_ip": True,
}


def _session(ip: str, port: int, settings) -> lt.session:
    place = {"listen_interfaces": f"{ip}:{port}", "outgoing_interfaces": ip}
    return lt.session(PRIVATE | place | settings)


@contextmanager
def seeder(ip: str, seeds, **settings) -> Iterator[tuple[str, int]]:
    """A libtorrent session on `ip` that shares `seeds`; its address."""
    session = _session(ip, PORT, settings)
    for seed in seeds:
        params = lt.load_torrent_buffer(seed.body)
        params.save_path = str(seed.save_path)
        params.flags = lt.torrent_flags.seed_mode
        session.add_torrent(params)
    yield ip, PORT
    session.pause()


@contextmanager
def leecher(ip: str, seed, peer: tuple[str, int]) -> Iterator[lt.torrent_handle]:
    """A libtorrent session on `ip` that downloads `seed` from `peer`; its torrent."""
    session = _session(ip, 0, {})
    params = lt.load_torrent_buffer(seed.body)
    params.save_path = str(seed.save_path)
    params.flags = lt.torrent_flags.disable_dht
    params.peers = [peer]
    yield session.add_torrent(params)
    session.pause()


class MetadataPeer(socketserver.ThreadingTCPServer):
    """Serves any bytes as the metadata of a torrent (BEP 9, 10), over TCP without uTP.

    `infos`: by the 40 hex digits of the handshake's hash, the bytes that it gives out.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, ip: str, infos: Mapping[str, bytes]) -> None:
        super().__init__((ip, 0), _Conversation)
        self.infos = infos
        self.greeted: set[str] = set()
        self.pieces_given = 0

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Conversation(socketserver.BaseRequestHandler):
    """One connection: handshakes, then a piece for each request."""

    server: MetadataPeer

    def handle(self) -> None:
        self.request.settimeout(20)
        with suppress(OSError, EOFError):
            greeting = self._read(68)
            info = self.server.infos.get(greeting[28:48].hex())
            if greeting.startswith(_PROTOCOL) and info is not None:  # else an encrypted one
                self._converse(greeting[28:48], info)

    def _converse(self, info_hash: bytes, info: bytes) -> None:
        reserved = b"\0\0\0\0\0\x10\0\0"
        self.request.sendall(_PROTOCOL + reserved + info_hash + b"-XX0001-" + b"x" * 12)
        self.server.greeted.add(info_hash.hex())
        self._say(0, {"m": {"ut_metadata": _UT_METADATA}, "metadata_size": len(info)})
        their_id = 0
        while True:
            body = self._read(struct.unpack(">I", self._read(4))[0])
            if body[:2] == bytes((_EXTENDED, 0)):
                their_id = _message(body)[b"m"].get(b"ut_metadata", 0)
            elif body[:2] == bytes((_EXTENDED, _UT_METADATA)):
                piece = _message(body)[b"piece"]
                data = info[piece * PIECE_BYTES : (piece + 1) * PIECE_BYTES]
                head = {"msg_type": 1, "piece": piece, "total_size": len(info)}
                self._say(their_id, head, data)
                self.server.pieces_given += 1

    def _say(self, extension: int, message: dict[str, Any], data: bytes = b"") -> None:
        body = bytes((_EXTENDED, extension)) + lt.bencode(message) + data
        self.request.sendall(struct.pack(">I", len(body)) + body)

    def _read(self, number: int) -> bytes:
        found = b""
        while len(found) < number:
            part = self.request.recv(min(number - len(found), 1 << 16))
            if not part:
                raise EOFError
            found += part
        return found


def _message(body: bytes) -> Any:
    """An extension message, without what follows it (BEP 10)."""
    return lt.bdecode(body[2:])
