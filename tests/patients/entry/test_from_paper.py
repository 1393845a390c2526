"""What was written on paper while Chimera could not be reached is marked as transcribed from it (RB-06)."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from patients.casebook.page import Page
from patients.entry.exporting import export_registry
from patients.oversight.entry_lag import entry_lags
from tests.analytics.test_seal import sealed
from tests.patients.entry import casebooks, desk
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("RB-06")]
MARK = {"recorded": "transcribed_from_paper"}


def marked(page: Page) -> bool:
    return Page.objects.get(pk=page.pk).is_from_paper


def test_the_mark_is_an_item_of_the_header_like_the_others() -> None:
    page = desk.page_of(desk.consented(), "DX")
    desk.save(page, header={"form_date": desk.CONSENT} | MARK)
    assert marked(page)
    change = desk.changes_of(desk.last_event())["recorded"]
    assert (change.old, change.new_shown) == ("", "transcribed from paper")
    desk.save(page, header={"recorded": ""}, why=desk.BECAUSE)
    assert not marked(page)
    assert desk.changes_of(desk.last_event())["recorded"].reason_code


def test_the_page_has_a_tick_and_shows_the_mark() -> None:
    page = people.page_of(people.a_subject(), "RESP", "SCR")
    client = people.signed_in(people.a_member(Role.COORDINATOR))
    shown = client.get(page.get_absolute_url())
    assert '<span class="chip">transcribed from paper</span>' not in shown.content.decode()
    typed = form_of(shown, form_date="2025-05-20", recorded="transcribed_from_paper")
    assert client.post(page.get_absolute_url(), typed).status_code == 302
    assert marked(page)
    assert _shown(client, page).count('<span class="chip">transcribed from paper</span>') == 1
    assert (
        client.post(page.get_absolute_url(), form_of(client.get(page.get_absolute_url()))).status_code == 302
    )
    assert marked(page), "a save that changes nothing keeps it"


def _shown(client: Client, page: Page) -> str:
    return client.get(page.get_absolute_url()).content.decode()


def test_the_hash_of_a_snapshot_is_the_same_with_it() -> None:
    page = desk.page_of(desk.infused(), "DX")
    desk.save(page, header={"form_date": desk.CONSENT})
    before = sealed()
    desk.save(page, header=MARK, why=desk.BECAUSE)
    assert (marked(page), sealed()) == (True, before)


def test_the_lag_of_entry_counts_it() -> None:
    page = people.page_of(people.a_subject(), "RESP", "SCR")
    people.save(page, {}, {"form_date": "2025-05-20"} | MARK)
    lags = {lag.form: lag.from_paper for lag in entry_lags(["HZ01"])}
    assert lags == {"ELIG": 0, "RESP": 1}


def test_it_goes_out_and_comes_in_and_no_other_sheet_changes(tmp_path: Path) -> None:
    page = desk.page_of(desk.consented(), "DX")
    desk.save(page, header={"form_date": desk.CONSENT})
    export_registry(tmp_path / "before")
    desk.save(page, header=MARK, why=desk.BECAUSE)
    export_registry(tmp_path / "after")
    for file in (tmp_path / "before").iterdir():
        same = file.read_bytes() == (tmp_path / "after" / file.name).read_bytes()
        assert same == (file.name != "DX.csv"), file.name
    assert ",src_doc,recorded," in (tmp_path / "after" / "DX.csv").read_text().partition("\n")[0]
    desk.save(page, header={"recorded": ""}, why=desk.BECAUSE)
    assert casebooks.imported(tmp_path / "before").is_clean, "a file without the column says nothing of it"
    casebooks.imported(tmp_path / "after", reason="found on paper")
    assert marked(page)
    export_registry(tmp_path / "again")
    again = (tmp_path / "again" / "DX.csv").read_bytes()
    assert again == (tmp_path / "after" / "DX.csv").read_bytes()


def test_the_dictionary_declares_it() -> None:
    out = StringIO()
    call_command("dictionary", "--json", stdout=out)
    header = json.loads(out.getvalue())["header"]
    assert list(header) == ["form_date", "not_done", "not_done_reason", "src_doc", "recorded"]
    assert [code["code"] for code in header["recorded"]["codes"]] == ["transcribed_from_paper"]
