"""Taking a sample of this host: by its watch, or by the web server where no watch is."""

from __future__ import annotations

from collections.abc import Iterator

from ghost.core.db import clock
from ghost.core.heartbeats import processes
from ghost.core.heartbeats.models import Heartbeat, host_name
from ghost.operations.figures.machines import disk_space
from ghost.operations.samples import readings
from ghost.operations.samples.models import EVERY, Sample

_cpu = readings.CpuClock()
"""Of this process: since it started, and then since it was asked last."""


def take() -> Sample:
    """Look at this host now, and keep it."""
    load_1m, load_5m, load_15m = readings.load()
    memory = readings.memory()
    found, disks = readings.processes(_ours()), disk_space.disks()
    return Sample.objects.create(
        host=host_name(), at=clock.now(), cores=readings.cores(), cpu_percent=_cpu.percent(),
        load_1m=load_1m, load_5m=load_5m, load_15m=load_15m,
        memory_total_bytes=memory.total_bytes, memory_available_bytes=memory.available_bytes,
        disks=disks, least_free_percent=min((disk["free_percent"] for disk in disks), default=100.0),
        processes={role: each.plain() for role, each in found.items()},
    )  # fmt: skip


def take_if_nobody_does() -> Sample | None:
    """For the web server: the same where nobody else has looked at this host for two rounds."""
    seen = Sample.objects.filter(host=host_name()).since(clock.now() - 2 * EVERY)
    return None if seen.exists() else take()


def _ours() -> Iterator[tuple[int, str]]:
    """Ghost's processes on this host, and what each is: those that heartbeats tell, and what they forked."""
    rows = Heartbeat.objects.living(clock.now()).filter(host=host_name())
    for row in rows.order_by("pk"):
        is_web = row.kind == Heartbeat.Kind.WEB
        yield row.pid, "web-parent" if is_web else "worker-parent"
        for pid in processes.below(row.pid):
            yield pid, "web" if is_web else processes.role(pid) or "worker"
