"""How long a page and the list of subjects take to show, each beside what Django alone would do.

`python -m benchmarks.showing [SUBJECTS]`, for PostgreSQL after `python -m tests.services`: in a registry of
its own that is thrown away. A response page is asked for over HTTP, begun and wholly answered, and its form
rendered by a ModelForm; of 50 subjects the
pages are counted by state, and fetched with `prefetch_related`; the list is shown with 50 subjects in the
registry, and with many. Both sides are measured in turn; medians.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import Model
    from django.test import Client

    from patients.casebook.page import Page

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-bench-"))

RUNS, ON_A_PAGE = 31, 50
"""How often each side is measured, and the subjects of a list."""
BEGUN = {"resp_dt": "2025-07-05", "bm_done": "Y", "bm_blast": "3.0"}
THE_REST = {
    "bm_adequate": "yes",
    "bm_cellularity": "35",
    "pb_blast": "0",
    "emd_resp": "none_ever",
    "cns_resp": "CNS1",
    "mrd_done": "Y",
    "mrd_method": "multiparameter_flow",
    "mrd_sample": "Y",
    "mrd_value": "0.02",
    "mrd_lod": "0.01",
    "mrd_events": "500000",
    "mol_marker": "NUP98",
    "mol_result": "0.1",
    "resp_inv": "CRi",
}
NUMBER = "{name} + n * 1000"
"""The number of a copy: no subject has as many visits or pages."""


def main(subjects: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    page, client = a_page()
    url = page.get_absolute_url()
    rows = []
    for how in ("begun", "wholly answered"):
        shown, plain = in_turn(lambda: get(client, url), lambda: by_model_form(page))
        rows.append((f"a page of 31 items over HTTP, {how}", shown))
        rows.append(("its form, rendered by a ModelForm", plain))
        answer_wholly(page)
    copy_subject(page.subject_id, 2, ON_A_PAGE)
    counted, fetched = in_turn(counts, prefetched)
    rows += [("pages of 50 subjects, counted by state", counted), ("the same, by prefetch_related", fetched)]
    rows.append(("the list with 50 subjects over HTTP", in_turn(lambda: get(client, "/subjects/"))[0]))
    copy_subject(page.subject_id, ON_A_PAGE + 1, subjects)
    rows.append((f"the list with {subjects:,} subjects", in_turn(lambda: get(client, "/subjects/"))[0]))
    print(f"\n| {pages_of(page.subject_id)} pages for each subject | ms |\n|---|---|")
    for what, milliseconds in rows:
        print(f"| {what} | {milliseconds:.1f} |")
    return 0


def in_turn(*sides: Callable[[], object]) -> list[float]:
    """The median of each side in ms, the first run of each left out."""
    took: list[list[float]] = [[] for _ in sides]
    for _ in range(RUNS + 1):
        for side, times in zip(sides, took, strict=True):
            start = time.perf_counter()
            side()
            times.append((time.perf_counter() - start) * 1000)
    return [statistics.median(times[1:]) for times in took]


# --- the sides -------------------------------------------------------------------------------------------
def get(client: "Client", url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 200, answer.status_code


def by_model_form(page: "Page") -> str:
    """The same items of the same row, each with the widget that Django has for it, and no more."""
    from django.forms import modelform_factory

    from patients.casebook.form import form_model

    model = form_model("RESP")
    names = [item.name for item in model.items() if item.editable]
    return modelform_factory(model, fields=names)(instance=model.objects.get(page=page)).as_div()


def counts() -> object:
    from patients.casebook.page import Subject
    from patients.web.queries import counts_by_subject

    return counts_by_subject(list(Subject.objects.order_by("code")[:ON_A_PAGE]))


def prefetched() -> object:
    from collections import Counter

    from django.db.models import Prefetch

    from patients.casebook.page import Page, Subject

    with_visits = Prefetch("pages", Page.objects.select_related("visit"))
    subjects = Subject.objects.order_by("code").prefetch_related(with_visits)
    return {each.pk: Counter(page.state for page in each.pages.all()) for each in subjects[:ON_A_PAGE]}


# --- the registry ----------------------------------------------------------------------------------------
def a_page() -> tuple["Page", "Client"]:
    """A saved response page of an infused subject, and a coordinator who is signed in."""
    from django.test import Client

    from patients.casebook.page import Page
    from patients.entry.register import register_member, register_site, register_subject
    from patients.entry.save import save_page
    from patients.forms.eligibility import EXCLUSION, INCLUSION
    from trial.people.access import SystemPerson
    from trial.people.roles import Role
    from trial.trail.actor import Source

    somebody = SystemPerson("benchmark", on_behalf_of="nobody")
    site = register_site("HZ01", "Hangzhou", by=somebody, source=Source.COMMAND)
    subject = register_subject("HZ01-001", site, by=somebody, source=Source.COMMAND)

    def save(form: str, visit: str, answers: dict[str, str], day: str) -> "Page":
        pages = Page.objects.select_related("subject__site", "visit")
        page = pages.get(subject=subject, form_code=form, visit__code=visit)
        header, version = {"form_date": day}, page.version
        save_page(
            page, {"": answers}, by=somebody, base_version=version, source=Source.COMMAND, header=header
        )
        return page

    everyone: Any = {"by": somebody, "source": Source.COMMAND, "reason": "a benchmark"}
    register_member("wei.shen", "Wei Shen", Role.INVESTIGATOR, site, **everyone)
    eligible = dict.fromkeys(INCLUSION, "Y") | dict.fromkeys(EXCLUSION, "N")
    signed = {"signed_in_source_by": "wei.shen", "signed_in_source_on": "2025-05-20"}
    consented = {"icf_main_signed": "Y", "icf_main_dt": "2025-05-16 09:00"}
    save("ELIG", "SCR", consented, "2025-05-16")
    save("ELIG", "SCR", eligible | signed, "2025-05-16")
    save("INF", "C0", {"inf_start_dt": "2025-06-07 10:00"}, "2025-06-07")
    page = save("RESP", "C28", BEGUN, "2025-07-05")
    member = register_member("lin.qiao", "Lin Qiao", Role.COORDINATOR, site, **everyone)
    client = Client()
    client.force_login(member.account)
    return page, client


def answer_wholly(page: "Page") -> None:
    """Every item that can be asked of somebody with this disease gets its answer."""
    from patients.entry.save import save_page
    from trial.people.access import SystemPerson
    from trial.trail.actor import Source

    page.refresh_from_db()
    somebody = SystemPerson("benchmark", on_behalf_of="nobody")
    save_page(page, {"": BEGUN | THE_REST}, by=somebody, base_version=page.version, source=Source.COMMAND)


def copy_subject(subject: int, first: int, last: int) -> None:
    """Subjects of these numbers with the visits and pages of one, by SQL, with no trigger in the way."""
    from django.db import connection, transaction

    from patients.casebook.page import Page, Subject, Visit

    copied: tuple[tuple[type[Model], dict[str, str]], ...] = (
        (Subject, {"id": NUMBER, "code": "'HZ01-' || n", "patient_id": "'P' || n"}),
        (Visit, {"id": NUMBER, "subject_id": NUMBER}),
        (Page, {"id": NUMBER, "subject_id": NUMBER, "visit_id": NUMBER}),
    )
    with transaction.atomic(), connection.cursor() as cursor:
        _set_triggers_aside(cursor)
        for model, own in copied:
            columns = [str(field.column) for field in model._meta.concrete_fields]
            values = ", ".join(own.get(name, name).format(name=name) for name in columns)
            whose, table = "id" if model is Subject else "subject_id", model._meta.db_table
            cursor.execute(
                f"WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers "
                f"WHERE n < {last}) INSERT INTO {table} ({', '.join(columns)}) "
                f"SELECT {values} FROM {table}, numbers WHERE {whose} = {subject}"
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _set_triggers_aside(cursor: Any) -> None:
    """The copies have no history: nothing but this program ever sees them."""
    if cursor.db.vendor == "postgresql":
        cursor.execute("SET LOCAL session_replication_role = replica")
        return
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in cursor.fetchall():
        cursor.execute(f'DROP TRIGGER "{name}"')


def pages_of(subject: int) -> int:
    from patients.casebook.page import Page

    return Page.objects.filter(subject=subject).count()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000))
