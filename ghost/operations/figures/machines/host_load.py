"""Memory and processors of each host, from the samples of the last minutes: a peak is nobody's business."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from ghost.core.text.reasons import Reason
from ghost.operations.figures import sentences
from ghost.operations.figures.item import MAX_ROWS, Item, Moment, Status
from ghost.operations.samples.models import Sample

MEMORY, CPU = "memory", "cpu"
LOW_PERCENT, LOW_BYTES = 10.0, 2 << 30
"""Little memory is left below both."""
LOW_FOR = timedelta(minutes=5)
BUSY_PERCENT = 95.0
BUSY_FOR = timedelta(minutes=20)
"""A build of everything takes less."""
OFTEN_ENOUGH = 0.6
"""Of the samples that such a time should have: a host that was just started is not judged."""

_Samples = dict[str, list[Sample]]
_Judge = Callable[[Sample], bool]


def memory(moment: Moment) -> Item:
    """Bad, if a host has had little left for LOW_FOR."""
    found = _since_then(moment.once(_seen), moment.now - LOW_FOR)
    if not found:
        return Item(MEMORY, Status.UNKNOWN, sentences.NOTHING_SEEN())
    newest = [samples[0] for samples in found.values()][:MAX_ROWS]
    least = min(sample.available_percent for sample in newest)
    counts: dict[str, int | float] = {
        "hosts": len(newest),
        "least_available_percent": least,
        "ghost_bytes": sum(_ghost_bytes(sample) for sample in newest),
    }
    rows = [_memory_row(sample) for sample in newest]
    if short := _all_along(found, LOW_FOR, _is_short):
        told, advice = sentences.MEMORY_SHORT(names=_names(short)), sentences.FREE_MEMORY()
        since = _since(found, short)
        return Item(MEMORY, Status.DEGRADED, told, advice, counts, since=since, rows=rows)
    return Item(MEMORY, Status.OK, sentences.MEMORY_LEFT(percent=least), counts=counts, rows=rows)


def cpu(moment: Moment) -> Item:
    """Bad, if all processors of a host have been busy for BUSY_FOR."""
    found = moment.once(_seen)
    if not found:
        return Item(CPU, Status.UNKNOWN, sentences.NOTHING_SEEN())
    rows = [_cpu_row(samples) for samples in list(found.values())[:MAX_ROWS]]
    most = max(row["cpu_percent"] for row in rows)
    counts: dict[str, int | float] = {
        "hosts": len(rows),
        "most_percent": most,
        "most_load_per_core": max(round(row["load_5m"] / row["cores"], 2) for row in rows),
    }
    if busy := _all_along(found, BUSY_FOR, _is_busy):
        told, advice = sentences.CPU_BUSY(names=_names(busy)), sentences.EASE_CPU()
        since = _since(found, busy)
        return Item(CPU, Status.DEGRADED, told, advice, counts, since=since, rows=rows)
    return Item(CPU, Status.OK, sentences.CPU_USED(percent=most), counts=counts, rows=rows)


def _seen(moment: Moment) -> _Samples:
    """Of the longer of both times. What processes take is read of the newest alone."""
    return Sample.objects.of_late(moment.now, BUSY_FOR)


def _since_then(found: _Samples, then: datetime) -> _Samples:
    late = {host: [row for row in rows if row.at > then] for host, rows in found.items()}
    return {host: rows for host, rows in late.items() if rows}


def _is_short(sample: Sample) -> bool:
    is_little = sample.memory_available_bytes < LOW_BYTES
    return is_little and sample.available_percent < LOW_PERCENT


def _is_busy(sample: Sample) -> bool:
    return sample.cpu_percent >= BUSY_PERCENT


def _all_along(found: _Samples, span: timedelta, is_bad: _Judge) -> list[str]:
    """The hosts of which each sample of that time is bad, and there are enough of them."""
    enough = OFTEN_ENOUGH * span.total_seconds() / 60
    return [
        host
        for host, samples in sorted(found.items())
        if len(samples) >= enough and all(map(is_bad, samples))
    ]


def _since(found: _Samples, hosts: list[str]) -> datetime:
    return min(found[host][-1].at for host in hosts)


def _names(hosts: list[str]) -> Reason:
    return sentences.listed(list(hosts))


def _ghost_bytes(sample: Sample) -> int:
    return sum(each["bytes"] for each in sample.processes.values())


def _memory_row(sample: Sample) -> dict[str, Any]:
    return {
        "host": sample.host,
        "at": sample.at,
        "total_bytes": sample.memory_total_bytes,
        "available_bytes": sample.memory_available_bytes,
        "available_percent": sample.available_percent,
        "ghost_bytes": _ghost_bytes(sample),
        "processes": sample.processes,
    }


def _cpu_row(samples: list[Sample]) -> dict[str, Any]:
    """Of the newest, and how busy it was in the mean of the last five minutes."""
    newest = samples[0]
    return {
        "host": newest.host,
        "at": newest.at,
        "cores": newest.cores,
        "cpu_percent": round(fmean(sample.cpu_percent for sample in samples[:5]), 1),
        "load_1m": newest.load_1m,
        "load_5m": newest.load_5m,
        "load_15m": newest.load_15m,
    }
