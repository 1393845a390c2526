"""What the medical monitor of the sponsor enters: causality and expectedness of serious events."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import cache_control

from patients.casebook.form import form_model
from patients.web.keeping import reopened
from patients.web.page_presenter import PagePresenter
from patients.web.queries import page_for
from patients.web.saving import save, show_page
from patients.web.shell import person_of
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


@needs(Permission.JUDGE, to_post=Permission.JUDGE, at=At.ITS_SITE)
@private
def judge(request: HttpRequest, pk: int) -> HttpResponse:
    """A page open for what the sponsor judges, and for nothing else; one without such items leads back."""
    person = person_of(request)
    found = page_for(person, pk)
    authorise(request, found.subject.site)
    if not form_model(found.form_code).form.judged:
        return redirect(found)
    if request.method == "POST":
        return save(request, person, found, judging=True)
    return show_page(request, person, reopened(PagePresenter(found, person, judging=True), person))
