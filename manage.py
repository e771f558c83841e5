#!/usr/bin/env python
"""Starts Django's commands."""

import os
import sys


def main() -> int:
    """Run one command; what an operator can mend is told without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ghost.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    from ghost.env import ConfigError

    try:
        execute_from_command_line(sys.argv)
    except ConfigError as error:
        for problem in error.problems:
            print(f"config: {problem}", file=sys.stderr)
        return 1
    except (OperationalError, ProgrammingError) as error:
        if "no such table" not in str(error) and "does not exist" not in str(error):
            raise
        print(f"The database is not prepared ({error}): run manage.py prepare", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
