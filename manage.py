#!/usr/bin/env python
"""Chimera's command line.

Its settings are those that DJANGO_SETTINGS_MODULE names: it is set up before Django reads any option.
"""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
    from trial.collector import loaded_for_good

    with loaded_for_good():
        import django
        from django.core.management import execute_from_command_line

        django.setup()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
