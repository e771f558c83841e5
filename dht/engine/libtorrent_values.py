"""Values of libtorrent, copied out as plain ones while they are valid."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from dht.engine import session_settings
from dht.engine.events import LookupLoad
from ghost.core.errors import OutageError, RefusedError
from resources.torrents import info_sections, sanitize

log = logging.getLogger(__name__)

MAX_USELESS_BYTES = 256 << 10
"""Peers that sent so much without one piece of the metadata send nothing of use."""
BUSY_WITHIN_S = 2
"""A look-up that asked nobody for so long waits for silent nodes, each up to 15 s."""
_NOTHING_SENT = 2**31 - 1
"""What libtorrent says in place of the seconds since the last query, if none is out."""
_PAD_FILE = 1
"""libtorrent's file_flags_t.flag_pad_file."""


def metadata(handle: Any) -> Any:  # noqa: ANN401  # libtorrent's
    """None when the torrent was stopped or removed after its alert was written."""
    try:
        return handle.torrent_file()
    except RuntimeError:  # an invalid handle
        return None


def info_hashes(handle: Any) -> Any:  # noqa: ANN401  # libtorrent's
    """None as above."""
    try:
        return handle.info_hashes()
    except RuntimeError:  # an invalid handle
        return None


def is_sent_useless_data(state: Any) -> bool:  # noqa: ANN401  # libtorrent's
    """Whether more came than there can be, or much without a piece that fits."""
    in_vain = session_settings.MAX_METADATA_BYTES if state.progress_ppm else MAX_USELESS_BYTES
    return bool(state.total_download > in_vain)


def limit_rate(states: list[Any]) -> None:
    """Limit those that got more than any metadata has. A limit from the start would cost each
    torrent more than a second: libtorrent lets a limited one begin at its next tick."""
    for state in states:
        if state.total_download > session_settings.MAX_METADATA_BYTES:
            with suppress(RuntimeError):  # removed meanwhile
                state.handle.set_download_limit(session_settings.MAX_BYTES_PER_S)


def lookup_load(requests: list[dict[str, Any]]) -> LookupLoad:
    """How look-ups stand, by the requests that its `dht_stats_alert` lists."""
    sent = [request["last_sent"] for request in requests if request["type"] == "get_peers"]
    busy = [ago_s for ago_s in sent if ago_s < BUSY_WITHIN_S or ago_s == _NOTHING_SENT]
    return LookupLoad(len(sent), len(busy))


def torrent(info: Any) -> sanitize.Torrent:  # noqa: ANN401  # libtorrent's
    """What it says, read as an uploaded file is; what that can't be, as libtorrent reads it."""
    try:
        return info_sections.read_raw(bytes(info.info_section()))
    except (OutageError, RefusedError) as error:
        log.info("An info section is read by libtorrent alone: %s", error)
        return _as_laid_out(info)


def _as_laid_out(info: Any) -> sanitize.Torrent:  # noqa: ANN401  # libtorrent's
    layout = info.layout()
    real = [i for i in range(layout.num_files()) if not int(layout.file_flags(i)) & _PAD_FILE]
    return sanitize.Torrent(
        name=info.name(),
        files=tuple((layout.file_path(i), layout.file_size(i)) for i in real[: sanitize.MAX_FILES]),
        file_count=len(real),
        total_size_bytes=sum(map(layout.file_size, real)),
        piece_length=info.piece_length(),
        info=bytes(info.info_section()),
        is_v1=info.info_hashes().has_v1(),
        is_v2=info.info_hashes().has_v2(),
    )
