"""What is typed on an open page comes here a moment later; the answer is what a save would say of it."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, JsonResponse

from patients.casebook.page import Page
from patients.entry.looking import Look, look_at
from patients.entry.refusals import PageClosed
from patients.web.binding import Draft, read_draft
from patients.web.expired import is_of_another
from patients.web.form_token import handed_out
from patients.web.live_presenter import LivePresenter
from patients.web.page_presenter import PagePresenter
from patients.web.queries import page_for
from patients.web.saving import CONFLICT, LOCKED
from patients.web.shell import person_of
from patients.web.views import private
from trial.people.access import require_entry
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission
from trial.people.sessions import seconds_left


@needs(to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def check(request: HttpRequest, pk: int) -> JsonResponse:
    """Say of each item what a save would say; nothing is saved, kept as a draft or used up by it."""
    person = person_of(request)
    found = page_for(person, pk)
    authorise(request, found.subject.site)
    require_entry(person, found.form_code, site=found.subject.site.code)
    if is_of_another(handed_out(request), found, person):
        return JsonResponse({}, status=CONFLICT)
    presenter = PagePresenter(found, person)
    draft = read_draft(request.POST, presenter.model, presenter.kept_keys, identify=presenter.rights.identify)
    if draft.base_version > found.version:
        raise BadRequest("a version that does not exist yet")
    try:
        look = _look(found, draft, person)
    except PageClosed:
        return JsonResponse({}, status=LOCKED)
    said = LivePresenter(presenter, draft, look).said()
    return JsonResponse({**said, "seconds": seconds_left(request.session)})


def _look(page: Page, draft: Draft, person: Account) -> Look:
    return look_at(
        page,
        draft.rows,
        by=person,
        base_version=draft.base_version,
        header=draft.header,
        reasons=draft.reasons,
    )
