"""The one view: a form is shown, and saved with its version in one transaction."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.forms import modelform_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.urls import path

from benchmarks.plain.models import ITEMS, PlainResponse

PAGE = engines["django"].from_string(
    "<!doctype html><title>Response</title>"
    "<form method=post data-guard>{% csrf_token %}{{ form.as_div }}<button>Save</button></form>"
)
Form = modelform_factory(PlainResponse, fields=ITEMS)


@login_required
def response(request: HttpRequest, number: int) -> HttpResponse:
    row = PlainResponse.objects.filter(pk=number).first() or PlainResponse(pk=number)
    form = Form(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
        return redirect(request.path)
    return HttpResponse(PAGE.render({"form": form}, request))


urlpatterns = [
    path("pages/<int:number>/", response),
    path("sign-in/", lambda request: HttpResponse(), name="sign-in"),
]
