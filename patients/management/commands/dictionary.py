"""`dictionary`: what is declared, as a list, as JSON, as CSV, or as the annotated blank casebook."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from patients.casebook.annotated import annotated_casebook
from patients.casebook.dictionary import dictionary
from patients.casebook.dictionary_sheet import dictionary_sheet
from patients.casebook.header import HEADER
from trial.commands import RegistryCommand


class Command(RegistryCommand):
    help = "Print the data dictionary."

    def add_arguments(self, parser: CommandParser) -> None:
        kind = parser.add_mutually_exclusive_group()
        kind.add_argument("--json", action="store_true", help="everything that is declared")
        kind.add_argument("--csv", action="store_true", help="a table with a line for each item")
        kind.add_argument("--pdf", type=Path, metavar="FILE", help="the annotated blank casebook")
        parser.add_argument("--language", default="en", choices=("en", "zh-hans"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["csv"]:
            self.stdout.write(dictionary_sheet(options["language"]), ending="")
            return
        if options["pdf"]:
            options["pdf"].write_bytes(annotated_casebook(options["language"]))
            return
        content = dictionary(options["language"], HEADER.values())
        if options["json"]:
            self.stdout.write(json.dumps(content, indent=1, ensure_ascii=False))
            return
        for code, form in content["forms"].items():
            self.stdout.write(f"{code}\t{form['title']}")
            for name, item in form["items"].items():
                self.stdout.write(f"\t{name}\t{item['type']}\t{item['requirement']}\t{item['label']}")
