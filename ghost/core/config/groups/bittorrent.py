"""The DHT, health scans and probes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field, ValidationInfo, field_validator

from ghost.core.config.values import CommaList, Group, ProjectPath
from ghost.core.io import ip_ranges
from ghost.core.text import addresses

TRACKER_SCHEMES = frozenset({"http", "https", "udp", "ws", "wss"})
MAX_DEFAULT_TRACKERS = 20
"""Each makes every row of every page longer by some fifty bytes."""


class Network(Group):
    """Where libtorrent listens, and whom it may talk to."""

    heading = _("BitTorrent network")

    dht_listen_interfaces: CommaList = Field(
        ("0.0.0.0:6881", "[::]:6881"),  # the DHT needs to be reachable; the contract's default
        description="Where libtorrent listens; the next free port when one is taken.",
    )
    dht_bootstrap_nodes: CommaList = Field(
        (
            "dht.libtorrent.org:25401",
            "router.bittorrent.com:6881",
            "router.utorrent.com:6881",
            "dht.transmissionbt.com:6881",
        ),
        description="host:port of the nodes that are asked first to join the DHT.",
    )
    allow_private_networks: bool = Field(
        False,
        description="1 lets covers, trackers, web seeds, webhooks and peers lie on loopback, private"
        " or link-local addresses: for the demo, tests and closed networks.",
    )

    default_trackers: CommaList = Field(
        (),
        description="Trackers that every published magnet link and .torrent file names besides its own,"
        " such as udp://tracker.example.org:1337; never those of a private torrent.",
    )

    @field_validator("default_trackers")
    @classmethod
    def _are_trackers(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if len(value) > MAX_DEFAULT_TRACKERS:
            raise ValueError(f"names more than {MAX_DEFAULT_TRACKERS} trackers")
        for url in value:
            parts = addresses.split(url)
            if parts is None or parts.scheme not in TRACKER_SCHEMES or not url.isascii():
                raise ValueError(
                    f"{url!r} is no address of a tracker (udp, http, https, ws or wss)"
                )
            is_allowed = info.data.get("allow_private_networks")
            if not is_allowed and not ip_ranges.is_public_host(parts.hostname or ""):
                raise ValueError(
                    f"{url!r} is in a private network: see GHOST_ALLOW_PRIVATE_NETWORKS"
                )
        return tuple(dict.fromkeys(value))

    @field_validator("dht_bootstrap_nodes", "dht_listen_interfaces")
    @classmethod
    def _is_endpoints(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for endpoint in value:
            host, _, port = endpoint.rpartition(":")
            if not host or not port.isdigit() or int(port) > 65535:
                raise ValueError(f"{endpoint!r} is not host:port")
        return value


class HealthScans(Group):
    """How often resources are looked up, and when one is stale."""

    heading = _("Health scans")

    dht_scan_interval_hr: int = Field(
        24, ge=1, le=8_760, description="Hours between scheduled health scans."
    )
    dht_sample_size: int = Field(
        20,
        ge=1,
        description="Resources checked by a scheduled scan, longest unchecked first. Not set: a seventh "
        "of the catalog, where that is more.",
    )
    dht_timeout_s: float = Field(
        20, gt=0, le=600, description="Maximum duration of a health look-up, in seconds."
    )
    dht_scan_workers: int = Field(
        1, ge=1, le=64, description="Worker processes that share one health scan."
    )
    dht_stale_after: int = Field(
        2, ge=1, description="Look-ups in a row without peers after which a resource is Stale."
    )


class Probes(Group):
    """How metadata is fetched, and where it is kept."""

    heading = _("Metadata probes")

    magnet_metadata_backend: Literal["libtorrent", "mock"] = Field(
        "libtorrent",
        description="What fetches metadata; mock, for tests and development: answers are made from the hash, without"
        " a network.",
    )
    magnet_metadata_timeout_s: float = Field(
        25, gt=0, le=600, description="Maximum duration of a probe, in seconds."
    )
    magnet_metadata_dir: ProjectPath = Field(
        Path("var/magnet-metadata"),
        description="Probed metadata, one JSON file for each magnet hash.",
    )
    magnet_tmp_dir: ProjectPath = Field(
        Path("var/magnet-tmp"), description="Save path given to libtorrent; nothing stays in it."
    )

    @field_validator("magnet_metadata_backend")
    @classmethod
    def _is_real_behind_tls(cls, value: str, info: ValidationInfo) -> str:
        if value == "mock" and info.data.get("behind_tls"):
            raise ValueError(
                "mock makes up what is published: it is refused with GHOST_BEHIND_TLS=1"
            )
        return value
