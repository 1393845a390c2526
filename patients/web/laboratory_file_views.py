"""The file of a laboratory system at a site: uploaded, mapped once, looked at by page, saved page by page.

Whoever enters laboratory results at the site may do it: its rows become entered data in his or her own name.
A data manager, who queries and locks the same data, does not enter any (AC-05).
"""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from patients.casebook.page import Page
from patients.entry.lab_rows import LAB
from patients.entry.laboratory_file import (
    discard_file,
    file_of,
    keep_file,
    plan_file,
    read_upload,
    save_plan,
)
from patients.entry.laboratory_mapping import FIELDS, keep_mapping, mapping_at
from patients.entry.reasons import Reason
from patients.entry.refusals import Refused
from patients.entry.upload_refused import UploadRefused
from patients.entry.uploads import MOST_BYTES
from patients.web.binding import tidy
from patients.web.laboratory_file_presenter import LABELS, LaboratoryFileScreen
from patients.web.queries import readable_sites, subjects_for
from patients.web.saving import UNPROCESSABLE
from patients.web.shell import person_of, shell, show
from patients.web.views import private
from trial.people.access import require_entry
from trial.people.models import Account, Site
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission


@needs(Permission.ENTER, to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def laboratory_file(request: HttpRequest, site: str) -> HttpResponse:
    """Upload a file, say how it is read, look at what it would do, save it."""
    person = person_of(request)
    found = get_object_or_404(readable_sites(person), code=site)
    authorise(request, found)
    require_entry(person, LAB, site=found.code)
    if request.method != "POST":
        return _show(request, person, _screen(found, person))
    acts = {"upload": _upload, "map": _map, "save": _save, "discard": _discard}
    act = acts.get(request.POST.get("do", ""))
    if act is None:
        raise BadRequest("an act that no page of ours sends")
    return act(request, person, found)


def _screen(site: Site, person: Account) -> LaboratoryFileScreen:
    """The file as it is kept, against the mapping and the pages as they are now."""
    screen = LaboratoryFileScreen(site, mapping_at(site), file_of(site, by=person))
    if screen.sheet is not None and screen.is_mapped:
        subjects = {subject.code: subject for subject in subjects_for(person).filter(site=site)}
        screen.plan = plan_file(screen.sheet, screen.mapping, subjects)
    return screen


def _upload(request: HttpRequest, person: Account, site: Site) -> HttpResponse:
    sent = request.FILES.get("file")
    if sent is None:
        raise BadRequest("no file was sent")
    try:
        keep_file(site, read_upload(str(sent.name or ""), sent.read(MOST_BYTES + 1)), by=person)
    except UploadRefused as refusal:
        screen = _screen(site, person)
        screen.refused = [str(refusal)]
        return _show(request, person, screen, UNPROCESSABLE)
    return redirect("laboratory-file", site=site.code)


def _map(request: HttpRequest, person: Account, site: Site) -> HttpResponse:
    """Keep what the columns, names and units mean. A name that is not asked about keeps its meaning."""
    screen, post = _screen(site, person), request.POST
    typed = {
        "columns": {name: post.get(f"column-{name}", "") for name in FIELDS},
        "tests": {written: post.get(question.name, "") for written, question in screen.tests},
        "units": {written: post.get(question.name, "") for written, question in screen.units},
    }
    try:
        keep_mapping(
            site,
            **typed,
            laboratory=tidy(post.get("laboratory", "")),
            by=person,
            request_id=request.request_id,  # type: ignore[attr-defined]
        )
    except Refused as refused:
        for name, group in typed.items():
            setattr(screen.mapping, name, {key: text for key, text in group.items() if text})
        screen.refused = [
            f"{LABELS.get(found.item, found.item)}: {found.message}" for found in refused.findings
        ]
        return _show(request, person, screen, UNPROCESSABLE)
    return redirect("laboratory-file", site=site.code)


def _save(request: HttpRequest, person: Account, site: Site) -> HttpResponse:
    """Save page by page; what was refused stays to be looked at, and the file with it."""
    screen, post = _screen(site, person), request.POST
    screen.reason = Reason(post.get("all__reason", ""), tidy(post.get("all__why", "")))

    def version(page: Page) -> int:
        text = post.get(f"v-{page.pk}", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0

    report = save_plan(
        screen.plan,
        by=person,
        versions=version,
        reason=screen.reason,
        request_id=request.request_id,  # type: ignore[attr-defined]
    )
    if not report.refused and not screen.plan.passed:
        discard_file(site, by=person)
    again = _screen(site, person)
    again.report, again.reason = report, screen.reason
    return _show(request, person, again, UNPROCESSABLE if report.refused else 200)


def _discard(request: HttpRequest, person: Account, site: Site) -> HttpResponse:
    discard_file(site, by=person)
    return redirect("laboratory-file", site=site.code)


def _show(
    request: HttpRequest, person: Account, screen: LaboratoryFileScreen, status: int = 200
) -> HttpResponse:
    frame = shell(person, [screen.site], here="laboratory-file")
    return show(request, "laboratory_file.html", screen, frame, status)
