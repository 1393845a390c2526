"""`dictionary --json`: form → item → everything declared."""

import json
from typing import Any

from django.core.management.base import CommandParser

from patients.casebook.dictionary import dictionary
from trial.commands import RegistryCommand


class Command(RegistryCommand):
    help = "Print the data dictionary."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="everything that is declared")
        parser.add_argument("--language", default="en", choices=("en", "zh-hans"))

    def handle(self, *args: Any, **options: Any) -> None:
        content = dictionary(options["language"])
        if options["json"]:
            self.stdout.write(json.dumps(content, indent=1, ensure_ascii=False))
            return
        for code, form in content["forms"].items():
            self.stdout.write(f"{code}\t{form['title']}")
            for name, item in form["items"].items():
                self.stdout.write(f"\t{name}\t{item['type']}\t{item['requirement']}\t{item['label']}")
