"""How long a hundred thousand queries take to list, to filter and to export, and in how many statements.

`python -m benchmarks.querying [QUERIES]`, for PostgreSQL after `python -m tests.services`: in a registry of
its own that is thrown away, with a query on each page of enough subjects. Exits with 1 where a page of the
list, or the export, takes more than ten statements.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.showing import a_page, copy_subject, pages_of

if TYPE_CHECKING:
    from patients.casebook.page import Page

MOST = 10
LIST = "/queries/"
ASKED = {
    "the newest": LIST,
    "those that are open, the oldest first": f"{LIST}?state=open&order=oldest",
    "those of one form": f"{LIST}?form=RESP",
    "those with a word in them": f"{LIST}?q=HZ01-033",
}


def main(number: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    call_command("migrate", verbosity=0)
    setup_test_environment()
    page, client = a_page()
    copy_subject(page.subject_id, 2, number // pages_of(page.subject_id) + 1)
    ask_on_each_page(page, number)
    rows = [(what, *took(partial(client.get, url))) for what, url in ASKED.items()]
    rows.append(("deep in the list", *took(partial(client.get, f"{LIST}?before={number // 2}"))))
    rows.append(("all of them as CSV", *took(partial(client.post, f"{LIST}csv/"))))
    print(f"\n| {number:,} queries | ms | statements |\n|---|---|---|")
    for what, milliseconds, statements in rows:
        print(f"| {what} | {milliseconds:.0f} | {statements} |")
    return any(statements > MOST for _what, _took, statements in rows)


def took(ask: Callable[[], Any]) -> tuple[float, int]:
    """Milliseconds of an answer, and the statements that it sent, transactions not counted."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    start = time.perf_counter()
    answer = ask()
    assert answer.status_code == 200, answer.status_code
    spent = (time.perf_counter() - start) * 1000
    with CaptureQueriesContext(connection) as captured:
        ask()
    sent = [query["sql"].split()[0] for query in captured]
    return spent, sum(word not in ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE") for word in sent)


def ask_on_each_page(page: "Page", number: int) -> None:
    """A query on each of so many pages, copied by SQL from one that a monitor raised."""
    from django.db import connection

    from patients.oversight.queries import Query

    columns = [str(field.column) for field in Query._meta.concrete_fields if field.column != "id"]
    first = raised_on(page)
    values = ", ".join("pages.id" if name == "page_id" else f"asked.{name}" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO patients_query ({', '.join(columns)}) SELECT {values} FROM patients_query asked, "
            f"patients_page pages WHERE asked.id = %s AND pages.id <> asked.page_id LIMIT {number - 1}",
            [first],
        )
        cursor.execute("ANALYZE")


def raised_on(page: "Page") -> int:
    """The number of a query that a monitor raised on this page."""
    from patients.entry.asking import raise_query
    from patients.entry.query_act import Question, Target
    from patients.entry.register import register_member
    from trial.people.access import SystemPerson
    from trial.people.roles import Role
    from trial.trail.actor import Source

    setup = SystemPerson("benchmark", on_behalf_of="nobody")
    site = page.subject.site
    ke = register_member(
        "ke.fan", "Ke Fan", Role.MONITOR, site, by=setup, source=Source.COMMAND, reason="a benchmark"
    )
    return raise_query(Target(page=page), Question("Please check."), by=ke.account).pk


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
