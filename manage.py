#!/usr/bin/env python
"""Starts Django's commands."""

import os
import sys


def main() -> int:
    """Run one command; what an operator can mend is told without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ghost.settings")
    if os.environ.get("NO_COLOR") and "--force-color" not in sys.argv:  # https://no-color.org
        os.environ["DJANGO_COLORS"] = "nocolor"
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    from ghost.core.config.env import ConfigError
    from ghost.core.db.snapshot import trouble

    try:
        execute_from_command_line(sys.argv)
    except ConfigError as error:
        for problem in error.problems:
            print(f"config: {problem}", file=sys.stderr)
        return 1
    except (OperationalError, ProgrammingError) as error:
        if not (told := trouble(error)):
            raise
        print(told, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
