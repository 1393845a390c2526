"""Between the form of the browser and what is kept of it as a draft."""

from datetime import datetime

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import QueryDict
from django.utils.translation import gettext as _

from patients.casebook.page import Page
from patients.entry.drafts import On, discard_draft, draft_of, keep_draft
from patients.web.binding import Draft, read_draft
from patients.web.clocks import local_now, moment
from patients.web.form_token import NOT_TYPED
from patients.web.page_presenter import PagePresenter
from patients.web.page_screen import KeptNote, PageScreen
from patients.web.pasting import Pasted, read_pasted
from trial.people.models import Account
from trial.protocol.study import SITE_ZONE


def keep_posted(page: Page, post: QueryDict, *, by: Account, judging: bool = False) -> datetime | None:
    """Keep what a form holds as this person's draft; when. A form in which nothing differs from the page
    keeps nothing, and gives up what was kept before. Raises BadRequest and PermissionDenied."""
    presenter = PagePresenter(page, by, judging=judging)
    draft = read_draft(post, presenter.model, presenter.kept_keys, identify=presenter.rights.identify)
    if draft.base_version > page.version:
        raise BadRequest("a version that does not exist yet")
    if judging and not draft.items <= set(presenter.model.form.judged):
        raise PermissionDenied("not an item of the sponsor")
    if draft.is_empty:
        discard_draft(page, by=by, screen=presenter.kept_on)
        return None
    typed = {name: values for name, values in post.lists() if name not in NOT_TYPED}
    return keep_draft(page, typed, by=by, base_version=draft.base_version, screen=presenter.kept_on)


def keep_judged(page: Page, post: QueryDict, *, by: Account) -> datetime | None:
    """The same of a page that is open for what the sponsor judges; another item is not kept (403)."""
    return keep_posted(page, post, by=by, judging=True)


def keep_pasted(page: Page, post: QueryDict, *, by: Account) -> datetime | None:
    """Keep what stands on the screen on which results are pasted; when. An empty one keeps nothing, and gives
    up what was kept before. Raises BadRequest and PermissionDenied."""
    pasted = read_pasted(post)
    if pasted.base_version > page.version:
        raise BadRequest("a version that does not exist yet")
    if not (pasted.text.strip() or pasted.lines):
        discard_draft(page, by=by, screen=On.PASTE)
        return None
    typed = {name: values for name, values in post.lists() if name not in NOT_TYPED}
    return keep_draft(page, typed, by=by, base_version=pasted.base_version, screen=On.PASTE)


def pasted_before(page: Page, *, by: Account) -> tuple[Pasted, datetime] | None:
    """What the person pasted on the page and did not save, and when it was kept."""
    kept = draft_of(page, by=by, screen=On.PASTE)
    return (read_pasted(_as_sent(kept.fields)), kept.saved_at) if kept else None


def reopened(presenter: PagePresenter, person: Account, *, asks_completion: bool = False) -> PageScreen:
    """The page as it is stored, with what the person typed and did not save laid over it."""
    page = presenter.page
    kept = draft_of(page, by=person, screen=presenter.kept_on) if presenter.rights.enter else None
    if kept is not None and (draft := _read(kept.fields, presenter)) is not None:
        screen = presenter.screen(draft, was_closed=page.is_closed)
        if screen.changed_count:
            screen.kept = KeptNote(hour(kept.saved_at), _moved(page, draft))
            return screen
    return presenter.screen(asks_completion=asks_completion)


def _read(fields: dict[str, list[str]], presenter: PagePresenter) -> Draft | None:
    """None for what the form does not hold any more, or the person may not see any more."""
    post = _as_sent(fields)
    try:
        return read_draft(post, presenter.model, presenter.kept_keys, identify=presenter.rights.identify)
    except (BadRequest, PermissionDenied):
        return None


def _as_sent(fields: dict[str, list[str]]) -> QueryDict:
    """The fields of a form as they came, but for the button."""
    post = QueryDict(mutable=True)
    for name, values in fields.items():
        post.setlist(name, values)
    post.pop("do", None)
    return post


def _moved(page: Page, draft: Draft) -> str:
    """That somebody saved the page after the version from which the person began."""
    if draft.base_version == page.version:
        return ""
    named = {
        "who": getattr(page, "saved_by", "") or "–",
        "version": page.version,
        "at": moment(getattr(page, "saved_at", None)),
    }
    return _("%(who)s saved version %(version)s at %(at)s; your save goes together with it or asks.") % named


def hour(at: datetime) -> str:
    """`14:02` of today, any other moment with its day; in the zone of the site."""
    local = at.astimezone(SITE_ZONE)
    return f"{local:%H:%M}" if local.date() == local_now().date() else moment(at)
