"""The progress of source verification as a table, whose figures lead to their pages."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from patients.casebook.form import form_model, is_declared
from patients.oversight.verification_plan import DRAWN_FROM, drawn_below
from patients.oversight.verification_progress import Dimension, Progress
from trial.people.access import holds
from trial.people.models import Account
from trial.people.roles import Permission
from trial.protocol.visits import FORM_ORDER

HEADINGS: dict[Dimension, Promise] = {
    Dimension.SITE: _("Site"),
    Dimension.SUBJECT: _("Subject"),
    Dimension.VISIT: _("Visit"),
    Dimension.FORM: _("Form"),
}


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """One line of the table; `url` leads on to its parts or to its pages."""

    name: str
    title: str
    url: str
    found: Progress

    @property
    def critical_share(self) -> str:
        return _share(self.found.critical_done, self.found.critical)

    @property
    def others_share(self) -> str:
        return _share(self.found.others_done, self.found.others)


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to count."""

    label: str
    url: str
    here: bool


@dataclass(frozen=True, slots=True)
class ProgressScreen:
    """Everything that the template says of the progress."""

    heading: str
    tabs: list[Tab]
    rows: list[ProgressRow]
    site: str
    share: str


def progress_screen(found: list[Progress], by: Dimension, site: str, person: Account) -> ProgressScreen:
    """`site` narrows it to one site."""
    tabs = [Tab(str(HEADINGS[each]), _url(each, site), each is by) for each in Dimension]
    rows = [_row(each, by, leads=holds(person, Permission.VERIFY)) for each in _ordered(found, by)]
    return ProgressScreen(str(HEADINGS[by]), tabs, rows, site, f"{drawn_below() * 100 / DRAWN_FROM:g}")


def _ordered(found: list[Progress], by: Dimension) -> list[Progress]:
    if by is not Dimension.FORM:
        return found
    return sorted(found, key=lambda each: FORM_ORDER.index(each.name))


def _row(found: Progress, by: Dimension, *, leads: bool) -> ProgressRow:
    title = ""
    if by is Dimension.FORM and is_declared(found.name):
        title = str(form_model(found.name).form.title)
    return ProgressRow(
        found.name, title, _leads_to(found, by) if leads or by is Dimension.SITE else "", found
    )


def _leads_to(found: Progress, by: Dimension) -> str:
    """From a site to its subjects, from a subject to its pages that wait."""
    if by is Dimension.SITE:
        return _url(Dimension.SUBJECT, found.name)
    if by is Dimension.SUBJECT and found.waiting:
        return f"{reverse('work', args=['verify'])}?{urlencode({'subject': found.name})}"
    return ""


def _url(by: Dimension, site: str) -> str:
    asked = {"by": by.value} | ({"site": site} if site else {})
    return f"{reverse('verification')}?{urlencode(asked)}"


def _share(done: int, planned: int) -> str:
    return f"{100 * done / planned:.0f} %" if planned else "–"
