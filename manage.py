#!/usr/bin/env python
"""Chimera's command line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
    import django
    from django.core.management import execute_from_command_line

    from trial.collector import uncollected

    with uncollected():  # what is loaded stays to the end
        django.setup()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
