"""The shapes of the answers, as the OpenAPI document tells them."""

from typing import Any

from rest_framework import serializers

from analytics.exports.bundle import ALL
from analytics.exports.formats.registry import FORMATS
from analytics.exports.jobs.models import ExportState, What
from analytics.exports.odm.files import KINDS
from analytics.exports.tables import Kind, Origin, Standard


class Estimate(serializers.Serializer[object]):
    """One figure of a lock: the value at full precision or the reason for having none, and as printed."""

    value = serializers.FloatField(
        allow_null=True, help_text="a count is a whole number, a percentage 0 to 100"
    )
    text = serializers.CharField(allow_blank=True, help_text="the value as printed")
    n = serializers.IntegerField(allow_null=True, help_text="numerator, or events")
    N = serializers.IntegerField(allow_null=True, help_text="size of the set")
    reason = serializers.CharField(required=False, help_text="why there is no value")
    kind = serializers.ChoiceField(["count", "percent", "months", "days", "years"])
    set = serializers.CharField(help_text="the analysis set that the figure is counted in")
    definition = serializers.CharField(allow_blank=True)


class Estimates(serializers.Serializer[object]):
    """Every estimate of a lock by its id, with what it was computed from and by."""

    lock = serializers.IntegerField()
    cutoff = serializers.DateField()
    snapshot = serializers.CharField(help_text="SHA-256 of the data")
    code_version = serializers.CharField(help_text="SHA-256 of the code and its configuration")
    result_hash = serializers.CharField(help_text="SHA-256 of the estimates")
    estimates = serializers.DictField(child=Estimate())


class LockEntry(serializers.Serializer[object]):
    """A data cut, or a lock that two people made."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(["lock", "data cut"])
    scope = serializers.ChoiceField(["study", "site", "subject"])
    of = serializers.CharField(allow_blank=True, help_text="the site or subject that it is of")
    cutoff = serializers.DateField()
    known_at = serializers.DateTimeField(allow_null=True, help_text="the moment as known at which it was cut")
    made_at = serializers.DateTimeField()
    snapshot = serializers.CharField(help_text="SHA-256 of the data")
    subjects = serializers.IntegerField()
    values = serializers.IntegerField()


class Locks(serializers.Serializer[object]):
    """The locks that a token sees, the newest first."""

    locks = LockEntry(many=True)


class CutColumn(serializers.Serializer[object]):
    """A column of a table."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField([str(kind) for kind in Kind])
    origin = serializers.ChoiceField([str(origin) for origin in Origin])
    length = serializers.IntegerField(help_text="the most characters of a text, 0 for what is none")
    unit = serializers.CharField(allow_blank=True)
    source = serializers.ListField(  # type: ignore[assignment]
        child=serializers.CharField(), help_text="FORM.item"
    )
    derivation = serializers.CharField(allow_blank=True)
    codes = serializers.SerializerMethodField(help_text="what its codes mean")

    def get_codes(self, column: Any) -> dict[str, str] | None:
        return column.labels or None


class CutTable(serializers.Serializer[object]):
    """A table of a cut: an analysis dataset, a form of the casebook, or a domain of SDTM."""

    name = serializers.CharField(source="key")
    standard = serializers.ChoiceField([str(standard) for standard in Standard])
    label = serializers.CharField()  # type: ignore[assignment]
    structure = serializers.CharField(help_text="what a row is")
    keys = serializers.ListField(child=serializers.CharField())
    columns = CutColumn(many=True)


class CutTables(serializers.Serializer[object]):
    """The tables of a cut as a token may have them."""

    tables = CutTable(many=True)


class ExportToMake(serializers.Serializer[object]):
    """A file of a cut that shall be made."""

    lock = serializers.CharField(help_text="the id of a lock, or latest")
    what = serializers.ChoiceField([str(what) for what in What], default="archive")
    formats = serializers.ListField(
        child=serializers.ChoiceField(ALL), required=False, help_text="of an archive"
    )
    name = serializers.CharField(required=False, help_text="of a table: ADSL, LAB")
    suffix = serializers.ChoiceField(sorted(FORMATS), required=False, help_text="the format of a table")
    standard = serializers.ChoiceField(
        [str(standard) for standard in Standard], required=False, help_text="whose tables, of a workbook"
    )
    kind = serializers.ChoiceField(sorted(KINDS), required=False, help_text="what ODM-XML holds")


class ExportProgress(serializers.Serializer[object]):
    """How many files of an archive are made; `of` is 0 before the first."""

    done = serializers.IntegerField()
    of = serializers.IntegerField()


class ExportFile(serializers.Serializer[object]):
    """The file itself."""

    address = serializers.CharField(help_text="where it can be taken")
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
    rows = serializers.IntegerField()
    sha256 = serializers.CharField()


class ExportStatus(serializers.Serializer[object]):
    """A file that was asked for, and how far it is."""

    id = serializers.IntegerField()
    lock = serializers.IntegerField()
    what = serializers.ChoiceField([str(what) for what in What])
    options = serializers.DictField(help_text="the options of what was asked for")
    state = serializers.ChoiceField([str(state) for state in ExportState])
    progress = ExportProgress()
    trouble = serializers.CharField(allow_blank=True, help_text="what went wrong and is tried again")
    error = serializers.CharField(allow_blank=True, help_text="why it failed")
    asked_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True, help_text="when the file is removed")
    file = ExportFile(allow_null=True, help_text="null unless it is done")


class ExportList(serializers.Serializer[object]):
    """The files that a token asked for, the newest first."""

    exports = ExportStatus(many=True)


class Problem(serializers.Serializer[object]):
    """Why a request was refused (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(allow_blank=True)
