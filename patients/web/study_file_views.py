"""The screens of the study file."""

from django.core.exceptions import BadRequest, ObjectDoesNotExist, PermissionDenied, ValidationError
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control

from patients.entry.idempotency import Answer, KeyReused
from patients.web.once import SENT_BEFORE, once_for
from patients.web.shell import person_of, shell, show
from patients.web.study_file.registers import REGISTERS
from patients.web.study_file.screen import filled_form, study_file_screen
from trial.people.access import sites_where
from trial.people.models import Account
from trial.people.needs import needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


@needs(Permission.READ, to_post=Permission.READ)
@private
def study_file(request: HttpRequest, name: str) -> HttpResponse:
    """A page of the study file; a POST records something on it, for who may."""
    if name not in REGISTERS:
        raise Http404(name)
    person = person_of(request)
    if request.method == "POST":
        return _recorded(request, name, person)
    return _show(request, name, person)


def _recorded(request: HttpRequest, name: str, person: Account) -> HttpResponse:
    register, do = REGISTERS[name], request.POST.get("do", "")
    if do not in register.acts:
        raise BadRequest("an act that no page of ours sends")
    sites = sites_where(person, register.writes)
    if not sites:
        raise PermissionDenied(f"{person.user_name}: {register.writes}")
    act = register.acts[do]
    form = filled_form(do, act, sites, request.POST)

    def run() -> Answer:
        if not form.is_valid():
            raise ValidationError([])  # what is wrong stands in the form
        act.run(form, person)
        return Answer(location=reverse("study-file", args=[name]))

    try:
        return once_for(request, person, run)
    except ObjectDoesNotExist as missing:
        raise Http404(do) from missing
    except ValidationError as problem:
        form.add_error(None, problem.messages)
    except KeyReused:
        form.add_error(None, str(SENT_BEFORE))
    return _show(request, name, person, do, form, 422)


def _show(
    request: HttpRequest,
    name: str,
    person: Account,
    do: str = "",
    form: BaseForm | None = None,
    status: int = 200,
) -> HttpResponse:
    typed = {do: form} if form is not None else {}
    refused = [text for form in typed.values() for text in _problems(form)]
    frame = shell(person, sites_where(person, Permission.READ), here="study-file")
    return show(request, "study_file.html", study_file_screen(name, person, typed, refused), frame, status)


def _problems(form: BaseForm) -> list[str]:
    """What is wrong, each with the label of its field."""
    labels = {name: str(field.label or name) for name, field in form.fields.items()}
    return [
        f"{labels[name]}: {text}" if name in labels else str(text)
        for name, texts in form.errors.items()
        for text in texts
    ]
