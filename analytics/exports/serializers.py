"""The shapes of the answers, as the OpenAPI document tells them."""

from rest_framework import serializers


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


class Problem(serializers.Serializer[object]):
    """Why a request was refused (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(allow_blank=True)
