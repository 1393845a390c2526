"""Approvals of the sites: what a site needs before it enrols."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.web.study_file.register import Act, Register, Row, how, standing
from patients.web.study_file.typed import EndForm, day, why
from trial.people.access import sites_where
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.protocol.approvals import end_approval, record_approval
from trial.protocol.models import SiteApproval
from trial.protocol.study import STUDY, site_today


class ApprovalForm(forms.ModelForm):  # type: ignore[type-arg]
    """An approval of a site."""

    reason = why()

    class Meta:
        model = SiteApproval
        fields = ("site_code", "kind", "body", "reference", "protocol_version", "approved_on", "valid_until")

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        kwargs["initial"] = {"protocol_version": STUDY.protocol_version}
        super().__init__(*args, **kwargs)
        self.fields["site_code"] = forms.ChoiceField(
            label=_("Site"), choices=[(site.code, str(site)) for site in sites]
        )
        self.fields["approved_on"] = day(_("Approved on"))
        self.fields["valid_until"] = day(_("Last day; empty: until it is ended"), required=False)


def _approvals(sites: Sequence[Site]) -> Iterable[Row]:
    for one in SiteApproval.objects.filter(site_code__in=[site.code for site in sites]):
        cells = [one.site_code, str(one.get_kind_display()), one.body, one.reference, one.protocol_version]
        over = one.valid_until is not None and one.valid_until < site_today()
        stands = standing(one.approved_on, one.valid_until if over else None, one.awaiting_confirmation)
        yield Row(
            [*cells, str(one.approved_on), str(one.valid_until or "")], *stands, None if over else one.pk
        )


def _end_approval(form: EndForm, by: Account) -> None:
    at = [site.code for site in sites_where(by, Permission.KEEP_STUDY_FILE)]
    approval = SiteApproval.objects.get(pk=form.cleaned_data["row"], site_code__in=at)
    end_approval(approval, form.cleaned_data["on"], **how(form, by))


APPROVALS = Register(
    _("Approvals"),
    _("A site enrols from the day on which each kind of approval is on record"),
    (_("Site"), _("Kind"), _("Given by"), _("Reference"), _("Protocol"), _("Approved on"), _("Last day")),
    _approvals,
    {
        "add": Act(
            _("Record an approval"),
            ApprovalForm,
            lambda form, by: record_approval(form.instance, **how(form, by)),
        ),
        "end": Act(_("End"), EndForm, _end_approval),
    },
    ("approval.recorded", "approval.ended"),
)
