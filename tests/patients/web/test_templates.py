"""The house rules of templates and views, and the gallery that shows every component."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.patients.web import people
from trial.people.roles import Role

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
COMPONENTS = sorted((ROOT / "templates" / "components").glob("*.html"))
FORBIDDEN = (
    r"\sstyle=",
    r"<style",
    r"\son(click|load|input|change|submit|error|focus|blur|key\w+|mouse\w+)=",
    r"hx-on",
    r"javascript:",
    r"https?://",
    r"data:image",
)
STATES = ("is-changed", "has-error", "item-orphan", "withheld", "st-overdue", "banner-bad", "msg-warn")
PEOPLE = ROOT / "trial" / "people"
VIEWS = [*(ROOT / "patients" / "web").rglob("*.py"), PEOPLE / "sign_in.py", *PEOPLE.glob("*_pages.py")]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_style_no_script_and_no_other_host(template: Path) -> None:
    text = template.read_text()
    for forbidden in FORBIDDEN:
        assert not re.search(forbidden, text), forbidden
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_word_of_a_template_goes_through_gettext(template: Path) -> None:
    """Outside tags, variables and translations nothing is left to read but the name of the product."""
    text = re.sub(r"{#.*?#}", "", template.read_text(), flags=re.DOTALL)
    text = re.sub(r"{% blocktranslate.*?endblocktranslate %}", "", text, flags=re.DOTALL)
    text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
    text = re.sub(r"<!doctype html>|<[^>]*>|&\w+;", " ", text, flags=re.DOTALL)
    assert set(re.findall(r"[A-Za-z]{2,}", text)) <= NAMES


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda path: path.name)
def test_a_component_names_its_arguments_first(component: Path) -> None:
    assert re.match(r"{# .*(Arguments?:|No arguments|Needs )", component.read_text())


@pytest.mark.parametrize("view", VIEWS, ids=lambda path: path.name)
def test_a_view_writes_nothing_by_itself(view: Path) -> None:
    assert not re.search(r"\.(save|create|update|delete|bulk_\w+|get_or_create)\(", view.read_text())


NAMES = {"Chimera", "CDISC", "CSV", "JSON", "PDF", "PNG", "SVG", "SHA", "Alt", "Enter", "Tab"}
"""What reads the same in every language."""


DRAWN_BY = {
    "item item": ("item", "marks"),
    "missing_menu item": ("missing_menu",),
    "keys": ("keys",),
    "reason_pattern": ("reason",),
}
"""The components that a tag draws."""


def included(name: str, seen: set[str]) -> set[str]:
    """The templates that a template includes or draws by a tag, and theirs."""
    text = (ROOT / "templates" / name).read_text()
    tags = [tag for tag in DRAWN_BY if f"{{% {tag} %}}" in text]
    drawn = [f"components/{component}.html" for tag in tags for component in DRAWN_BY[tag]]
    for found in [*re.findall(r'(?:include|extends) "([^"]+)"', text), *drawn]:
        if found not in seen:
            seen.add(found)
            included(found, seen)
    return seen


def test_a_form_in_a_component_of_its_own_is_given_the_token() -> None:
    """With `only` a component has what it is given, and nothing of the request."""
    with_form = {path.name for path in COMPONENTS if "{% csrf_token %}" in path.read_text()}
    alone = re.compile(r'{% include "components/([a-z_]+\.html)"([^%]*) only %}')
    without = [
        (path.name, name)
        for path in (ROOT / "templates").rglob("*.html")
        for name, given in alone.findall(path.read_text())
        if name in with_form and "csrf_token=csrf_token" not in given
    ]
    assert without == []


def test_the_gallery_shows_every_component(desk: Client) -> None:
    """Those of a whole page, of the results and of access are shown there alone."""
    of_a_page = {"page_head.html", "row_table.html", "cell.html", "section.html", "add_row.html"}
    of_a_page |= {
        "pasted_lines.html",
        "void_rows.html",
        "attachments.html",
        "keys.html",
        "tabs.html",
        "report_menu.html",
    }
    of_a_page |= {
        "passkey_answer.html",
        "account_ways.html",
        "session_warning.html",
        "kept_draft.html",
        "known_already.html",
        "not_kept.html",
    }
    of_a_page |= {"query_thread.html", "query_choices.html", "figure_link.html", "proof.html"}
    of_a_page |= {"step_figure.html", "number_table.html", "event_table.html", "access_table.html"}
    of_a_page |= {"bar_plot.html", "month_plot.html"}
    of_a_page |= {
        "step_curves.html",
        "results_menu.html",
        "counted_table.html",
        "subjects_on_pages.html",
        "stopping_alert.html",
        "gate_list.html",
        "prove_again.html",
        "lock_standing.html",
    }
    of_a_page |= {
        "drawing.html",
        "figure_card.html",
        "figure_numbers.html",
        "readout.html",
        "traced_subjects.html",
    }
    shown = {Path(name).name for name in included("ui.html", set())}
    assert {path.name for path in COMPONENTS} - of_a_page <= shown
    text = desk.get(reverse("gallery")).content.decode()
    for state in STATES:
        assert state in text, state


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.django_db
def test_the_gallery_is_for_everybody_who_signed_in(role: Role) -> None:
    assert people.signed_in(people.a_member(role)).get(reverse("gallery")).status_code == 200
