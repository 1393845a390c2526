"""The shapes of the entries of the lists, as the OpenAPI document tells them. `fields` takes members out, so
none is required."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from patients.casebook.page import PageState, VisitState
from patients.oversight.queries import Priority, QuerySeverity, QueryState, Said
from patients.oversight.signatures import Meaning

STANDING, FALLEN = "standing", "fallen"
STANDINGS = [STANDING, FALLEN]
KINDS = ("value", "row", "header", "page", "visit", "query", "verification", "signature", "act")


def a_text(about: str = "", *, null: bool = False) -> Any:
    return serializers.CharField(required=False, allow_blank=True, allow_null=null, help_text=about)


def a_day(about: str = "") -> Any:
    return serializers.DateField(required=False, allow_null=True, help_text=about)


def a_moment(about: str = "") -> Any:
    return serializers.DateTimeField(required=False, allow_null=True, help_text=about)


def a_number(about: str = "", *, null: bool = False) -> Any:
    return serializers.IntegerField(required=False, allow_null=null, help_text=about)


def a_truth(about: str = "", *, null: bool = False) -> Any:
    return serializers.BooleanField(required=False, allow_null=null, help_text=about)


def one_of(choices: Any, about: str = "", *, null: bool = False) -> Any:
    return serializers.ChoiceField(choices, required=False, allow_null=null, help_text=about)


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}]})
class Name(serializers.Field[Any, Any, Any, Any]):
    """A number; to a token that has pseudonyms, a mark that tells no order."""

    def to_representation(self, value: int | str) -> int | str:
        return value


def a_name(about: str = "", *, null: bool = False) -> Any:
    return Name(required=False, allow_null=null, help_text=about)


class Entry(serializers.Serializer[object]):
    """Base of the entries."""


class SiteEntry(Entry):
    """A site of the token."""

    site = a_text()
    name = a_text()


class SubjectEntry(Entry):
    """A subject."""

    site = a_text()
    subject = a_text()
    planned_infusion = a_day()


class OfSubject(Entry):
    """Base: what belongs to a subject; `id` is the same for as long as there is a record."""

    id = a_name()
    site = a_text()
    subject = a_text()
    visit = a_text("the code of the visit; empty where it is of none")


class VisitEntry(OfSubject):
    """A visit as it is planned."""

    target = a_day()
    opens = a_day()
    closes = a_day()
    predicted = a_truth("the day on which its clock begins is not known yet")
    state = one_of(VisitState.choices)
    reason = a_text("why it was superseded")
    covered_by = a_text("the visit of the other clock that satisfied this one, too")


class PageEntry(OfSubject):
    """A page with its common header; what stands on it are `items`."""

    form = a_text()
    state = one_of(PageState.choices)
    version = a_number("grows with each save")
    form_date = a_day("date of assessment")
    not_done = a_truth()
    not_done_reason = a_text()
    source_documents = serializers.ListField(child=serializers.CharField(), required=False)


class OnPage(OfSubject):
    """Base: what belongs to a page."""

    form = a_text()
    page = a_name("the id of the page", null=True)
    row = a_text("the key of the row; empty on a form of one row")
    item = a_text()


class ItemEntry(Entry):
    """What stands in one item of one row, or why nothing does. Rows that were entered by mistake are none."""

    site = a_text()
    subject = a_text()
    visit = a_text("the code of the visit; empty where it is of none")
    form = a_text()
    page = a_name("the id of the page")
    row = a_text("the key of the row; empty on a form of one row")
    item = a_text()
    value = a_text("as it is typed: codes as codes, several joined by `|`", null=True)
    unit = a_text()
    missing = a_text("why there is no value", null=True)
    derived = a_truth("computed, and not entered")
    version = a_number(
        "the version of the page at which it last changed; null where it is derived", null=True
    )


class Line(Entry):
    """A line of the thread of a query."""

    said = one_of(Said.values)
    text = a_text(null=True)
    old = a_text(null=True)
    new = a_text(null=True)
    author = a_text()
    role = a_text()
    at = a_moment()


class QueryEntry(OnPage):
    """A query with its thread. What it says is null where it may quote what the token does not get."""

    check = a_text("the number of the edit check that asks; empty where a person does")
    severity = one_of([*QuerySeverity.values, ""])
    priority = one_of(Priority.values, "1 high, 2 usual, 3 low", null=True)
    state = one_of(QueryState.choices)
    text = a_text(null=True)
    opened_at = a_moment()
    answered_at = a_moment()
    closed_at = a_moment()
    raised_by = a_text(null=True)
    closed_by = a_text(null=True)
    times_opened = a_number()
    changed_data = a_truth("whether the value changed while it was asked", null=True)
    thread = Line(many=True, required=False)


class VerificationEntry(OnPage):
    """One value that somebody compared with its source, and whether that still stands."""

    state = one_of(STANDINGS)
    page_version = a_number("of the page that was seen")
    verified_by = a_text()
    printed_name = a_text()
    at = a_moment()
    fallen_at = a_moment()
    reason = a_text("why it was taken back")


class SignatureEntry(OfSubject):
    """A signature on a page, for all of its rows, and whether it still stands."""

    form = a_text()
    page = a_name("the id of the page")
    state = one_of(STANDINGS)
    signer = a_text()
    printed_name = a_text()
    role = a_text()
    meaning = one_of(Meaning.values)
    statement = a_text()
    page_version = a_number()
    form_version = a_text()
    sha256 = a_text("over content and signature; null with moved dates, which it would tell", null=True)
    at = a_moment()
    fallen_at = a_moment()
    fallen_because = a_text("the items that changed")


class ChangeEntry(Entry):
    """One item changed in an act. Values are null where the token does not get them."""

    row = a_text()
    item = a_text("an item of another page stands as `FORM@VISIT.item`")
    label = a_text()
    old = a_text(null=True)
    new = a_text(null=True)
    words = a_text("what was shown beside", null=True)
    author = a_text("a person, or `system:NAME@VERSION`")
    reason_code = a_text()
    reason = a_text(null=True)


class TrailEntry(Entry):
    """An act with what it changed, up to the last seal."""

    seq = a_name("its number in the ledger")
    at = a_moment()
    action = a_text()
    actor = a_text()
    actor_name = a_text()
    role = a_text()
    source = a_text()
    site = a_text()
    subject = a_text()
    visit = a_text()
    form = a_text()
    form_version = a_text()
    about = a_text()
    reason = a_text(null=True)
    changes = ChangeEntry(many=True, required=False)


class SyncEntry(Entry):
    """What became of one thing. `value` is its new state: of a value, the value; of a row, `Y` where it is
    void (keep what stood in it: `N` restores it); of a page, a query and the like, their state. An act that
    changed nothing of these is told as `act`: something of its subject is to be read anew."""

    seq = a_name("the number of the act in the ledger")
    at = a_moment()
    action = a_text()
    kind = one_of(KINDS)
    site = a_text()
    subject = a_text()
    visit = a_text()
    form = a_text()
    row = a_text()
    item = a_text()
    value = a_text(null=True)
    missing = a_text("why there is no value", null=True)


class SnapshotEntry(Entry):
    """The content of a data cut, which never changes."""

    id = a_number()
    sha256 = a_text()
    cutoff = a_day()
    subjects = a_number()
    values = a_number()
    made_at = a_moment()
    locks = serializers.ListField(child=serializers.IntegerField(), required=False)


class TokenTold(serializers.Serializer[object]):
    """What the token that was shown may have."""

    name = serializers.CharField()
    sites = serializers.ListField(child=serializers.CharField())
    permissions = serializers.ListField(child=serializers.CharField())
    expires = serializers.DateTimeField()
    dates = serializers.ChoiceField(
        ["shifted", "true"], help_text="shifted: moved, for each subject by its days"
    )
    subjects = serializers.ChoiceField(
        ["codes", "pseudonyms"], help_text="pseudonyms: which site a subject is of is hidden"
    )
    genetic_data = serializers.CharField(help_text="the filing under which it leaves, or withheld")
    withheld = serializers.ListField(
        child=serializers.CharField(), help_text="FORM.item, the identity included"
    )


class StudyTold(serializers.Serializer[object]):
    """The study that this registry serves."""

    study = serializers.CharField()
    registry_id = serializers.CharField()
    title = serializers.CharField()
    phase = serializers.CharField()
    protocol_version = serializers.CharField()
    arms = serializers.DictField(child=serializers.CharField())
    zone = serializers.CharField(help_text="in which days and moments are told")
    version = serializers.CharField(help_text="of Chimera")
    token = TokenTold()


class DictionaryTold(serializers.Serializer[object]):
    """Every form with its items: label, type, when it is asked, limits, codes, unit."""

    missing_reasons = serializers.DictField(child=serializers.CharField())
    header = serializers.DictField(help_text="the items of the header of every page")
    forms = serializers.DictField()
