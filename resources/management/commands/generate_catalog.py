"""manage.py generate_catalog --resources N [--seed S]."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser

from django.core.management.base import CommandError

from ghost.core.command import GhostCommand
from ghost.core.errors import RefusedError
from resources import synthetic
from resources.models import Category


class Command(GhostCommand):
    help = "Fills an empty database with a synthetic catalog, metadata included."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--resources", type=int, required=True, help="how many")
        parser.add_argument("--seed", type=int, default=1, help="the same seed, the same catalog")

    def handle(self, *, resources: int, seed: int, **_: object) -> None:
        if resources < 1:
            raise CommandError("--resources is 1 at least.")
        started, done = time.monotonic(), 0
        try:
            for done in synthetic.generate(resources, seed):
                self.stderr.write(
                    f"{done:,} of {resources:,}", ending="\r" if self.stderr.isatty() else "\n"
                )
        except RefusedError as error:
            raise CommandError(str(error)) from error
        figures = {
            "resources": done,
            "categories": Category.objects.count(),
            "seconds": round(time.monotonic() - started, 2),
        }
        self.stdout.write(json.dumps(figures))
