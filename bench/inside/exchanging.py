"""One export or import, measured from within: `python -c … WHAT FILE`, see bench_exchange.py."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from django.core.management import call_command
from django.db import connection, models, transaction
from processes.usage import Meter

from ghost.core.batches import batched
from resources.models import Category, Resource
from resources.torrents import metadata
from teams.models import Token

M = TypeVar("M", bound=models.Model)

AT_ONCE = 200


def main() -> None:
    """Do it and print what it took."""
    what, file = sys.argv[1:]
    with Meter() as meter:
        _WHAT[what](Path(file))
    told = {"wall_s": round(meter.wall_s, 3), "cpu_s": round(meter.cpu_s, 3), "peak_mb": _peak_mb()}
    print("\n" + json.dumps(told))


def _export(file: Path) -> None:
    call_command("export_catalog", str(file))


def _import(file: Path) -> None:
    call_command("import_catalog", str(file))


def _bare_export(file: Path) -> None:
    with file.open("w") as stream:
        for model in (Token, Category):
            stream.write(json.dumps(list(model.objects.values()), default=str) + "\n")
        for row in Resource.objects.order_by("pk").values().iterator(chunk_size=500):
            found = json.loads(metadata.path_of(row["magnet_hash"]).read_bytes())
            stream.write(
                json.dumps(row | {"metadata": found}, default=str, ensure_ascii=False) + "\n"
            )


def _bare_import(file: Path) -> None:
    folder = metadata.path_of("0" * 40).parent
    folder.mkdir(parents=True, exist_ok=True)
    with file.open() as stream, connection.constraint_checks_disabled():
        Token.objects.bulk_create(_row(Token, each) for each in json.loads(next(stream)))
        Category.objects.bulk_create(_row(Category, each) for each in json.loads(next(stream)))
        for lines in batched(stream, AT_ONCE):
            found = [json.loads(line) for line in lines]
            for each in found:
                path = folder / f"{each['magnet_hash']}.json"
                path.write_text(json.dumps(each.pop("metadata"), ensure_ascii=False))
            with transaction.atomic():
                Resource.objects.bulk_create(_row(Resource, each) for each in found)


def _row(model: type[M], values: dict[str, Any]) -> M:
    for field in model._meta.concrete_fields:
        value = values[field.attname]
        if value is not None and isinstance(field, models.DateTimeField):
            values[field.attname] = datetime.fromisoformat(value)
    return model(**values)


def _peak_mb() -> int:
    """Since this program began: ru_maxrss would count its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [line] = [each for each in lines if each.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


_WHAT = {
    "export": _export, "json": _export, "import": _import, "again": _import,
    "bare export": _bare_export, "bare import": _bare_import,
}  # fmt: skip
