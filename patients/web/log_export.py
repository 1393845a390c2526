"""The screening and enrolment log as it is taken out, for the study file of a site."""

from django.utils.translation import gettext as _

from patients.web.log_presenter import LogLine


def headings() -> list[str]:
    """What the columns are called, as on the screen."""
    return [
        _("Subject"),
        _("Main consent"),
        _("Eligible"),
        _("Criteria not met"),
        _("Signed by the principal investigator"),
        _("Enrolled"),
        _("Infused"),
        _("Stands"),
        _("Entered twice"),
    ]


def cells(line: LogLine) -> list[str]:
    """A line of the log."""
    failed = "; ".join(line.failed)
    return [
        line.code,
        line.consent,
        line.eligible,
        failed,
        line.signed,
        line.enrolled,
        line.infused,
        line.stands,
        "; ".join(chip.text for chip in line.doubles),
    ]
