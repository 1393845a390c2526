"""The shapes of requests and answers, as the OpenAPI document tells them. They judge nothing: `reading.py`
reads a request, and `save_page` says what is wrong with it."""

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from patients.casebook.page import PageState
from patients.items.problems import Severity
from patients.oversight.signatures import Standing
from trial.problems import MEDIA_TYPE


class Texts(serializers.DictField):
    """Answers by item, as text."""

    child = serializers.CharField(allow_blank=True)


class ReasonGiven(serializers.Serializer[object]):
    """Why a value changes: a code of the list, or words, or both."""

    code = serializers.CharField(required=False)
    text = serializers.CharField(required=False, help_text="at least 5 characters without a code")


class PageToSave(serializers.Serializer[object]):
    """What shall stand on the page; an item that is not named stays as it is."""

    base_version = serializers.IntegerField(help_text="the version that was read")
    rows = serializers.DictField(
        child=Texts(), required=False, help_text="by row key, which is empty on a single form"
    )
    header = Texts(required=False)
    reasons = serializers.DictField(child=serializers.DictField(child=ReasonGiven()), required=False)
    complete = serializers.BooleanField(required=False, help_text="ask for the page to be complete")


class FindingTold(serializers.Serializer[object]):
    """What is to say about one item of one row."""

    form = serializers.CharField()
    item = serializers.CharField()
    row = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
    severity = serializers.ChoiceField([severity.value for severity in Severity])
    check = serializers.CharField(allow_blank=True, help_text="number of the edit check, if it has one")


class PageSaved(serializers.Serializer[object]):
    """What a save did."""

    version = serializers.IntegerField()
    state = serializers.ChoiceField(PageState.choices)
    changed = serializers.IntegerField(help_text="how many items changed")
    findings = FindingTold(many=True)
    request_id = serializers.CharField()


class SignatureTold(serializers.Serializer[object]):
    """A signature on the page, for all its rows. `valid`: it belongs to what stands there now."""

    printed_name = serializers.CharField()
    user_name = serializers.CharField()
    role = serializers.CharField()
    organisation = serializers.CharField(allow_blank=True, help_text="the site for which the signer acted")
    signed_at = serializers.DateTimeField(help_text="with the offset of the site")
    signed_at_utc = serializers.DateTimeField()
    site_zone = serializers.CharField()
    meaning = serializers.CharField()
    statement = serializers.CharField()
    statement_version = serializers.CharField()
    page_version = serializers.CharField(help_text="the version of the page that was signed")
    form_version = serializers.CharField()
    sha256 = serializers.CharField(help_text="over the content of the page and the signature")
    standing = serializers.ChoiceField([standing.value for standing in Standing])
    in_force = serializers.BooleanField()
    valid = serializers.BooleanField()
    fallen_at = serializers.CharField(allow_blank=True)
    fallen_by = serializers.CharField(allow_blank=True)
    fallen_because = serializers.CharField(allow_blank=True, help_text="the items that changed")


class PageRead(serializers.Serializer[object]):
    """A page as it stands."""

    id = serializers.IntegerField()
    site = serializers.CharField()
    subject = serializers.CharField()
    visit = serializers.CharField(allow_blank=True)
    form = serializers.CharField()
    form_version = serializers.CharField()
    state = serializers.ChoiceField(PageState.choices)
    version = serializers.IntegerField()
    header = Texts()
    rows = serializers.DictField(child=Texts())
    derived = serializers.DictField(child=Texts())
    findings = FindingTold(many=True)
    signatures = SignatureTold(many=True)
    request_id = serializers.CharField()


class Clash(serializers.Serializer[object]):
    """An item that somebody else changed since it was read."""

    form = serializers.CharField()
    item = serializers.CharField()
    row = serializers.CharField(allow_blank=True)
    mine = serializers.CharField(allow_blank=True)
    theirs = serializers.CharField(allow_blank=True)


class PageProblem(serializers.Serializer[object]):
    """Why a request was refused (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField()
    findings = FindingTold(many=True, required=False)
    conflicts = Clash(many=True, required=False)


class RemarkTold(serializers.Serializer[object]):
    """One thing to say about one cell of what was imported."""

    file = serializers.CharField(help_text="and where in it: the form or the sheet")
    line = serializers.IntegerField()
    item = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True, help_text="empty where it identifies somebody")
    why = serializers.CharField()
    refuses = serializers.BooleanField(help_text="whether it kept the page out")


class ImportReport(serializers.Serializer[object]):
    """What became of an import, by outcome of pages and rows."""

    kept = serializers.BooleanField(help_text="false after a dry run, and where all or nothing was asked")
    clean = serializers.BooleanField(help_text="nothing was refused")
    pages = serializers.DictField(child=serializers.IntegerField())
    rows = serializers.DictField(child=serializers.IntegerField())
    signatures_left = serializers.IntegerField(help_text="an import signs for nobody")
    members_left = serializers.IntegerField(help_text="an import by REST makes nobody a member")
    births_by_age = serializers.IntegerField(help_text="birth dates that are the day an age means")
    remarks = RemarkTold(many=True)
    request_id = serializers.CharField()


_REFUSALS = {
    400: "not JSON of this shape, or a parameter that there is not",
    401: "nobody has signed in",
    403: "the person may not do this, or the CSRF token is missing",
    404: "there is no such page, or not for this person",
    409: "somebody else changed the same items; `conflicts` has both values",
    413: "more than 1 MB, or 20 MiB of a file that is imported",
    415: "not application/json",
    422: "what cannot be recorded (`findings` says why), or a key that came before with another content",
    423: "the page is frozen or locked",
}
PROBLEMS = {
    (status, MEDIA_TYPE): OpenApiResponse(PageProblem, description=why) for status, why in _REFUSALS.items()
}
TOO_OFTEN = OpenApiResponse(PageProblem, description="too many imports: wait as long as Retry-After says")
IMPORT_PROBLEMS = {**PROBLEMS, (429, MEDIA_TYPE): TOO_OFTEN}
