"""Approvals of a site and versions of the consent: on record with their reason, ended and never rewritten."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from trial.people.access import SystemPerson
from trial.protocol.approvals import (
    approvals_missing,
    end_approval,
    record_approval,
    record_consent,
    supersede_consent,
)
from trial.protocol.configuration import newest_consent_version
from trial.protocol.models import ApprovalKind, ConsentVersion, SiteApproval
from trial.protocol.study import STUDY
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db

BY = SystemPerson("test", on_behalf_of="the tests")
GIVEN = date(2024, 3, 1)
DAY = timedelta(days=1)
HOW = {"by": BY, "source": Source.COMMAND, "reason": "letter of the committee"}


def approval(kind: ApprovalKind = ApprovalKind.ETHICS, **others: object) -> SiteApproval:
    given = {"site_code": "HZ02", "kind": kind, "body": "Ethics committee of Ningbo", "reference": "2024-17"}
    dated = {"approved_on": GIVEN, "protocol_version": STUDY.protocol_version}
    return SiteApproval(**{**given, **dated, **others})


@pytest.mark.requirement("LK-08")
@pytest.mark.parametrize(
    ("others", "on", "is_missing"),
    [
        ({}, GIVEN - DAY, True),
        ({}, GIVEN, False),
        ({"valid_until": GIVEN + 9 * DAY}, GIVEN + 9 * DAY, False),
        ({"valid_until": GIVEN + 9 * DAY}, GIVEN + 10 * DAY, True),
        ({"protocol_version": "0.9"}, GIVEN, True),
        ({"site_code": "HZ03"}, GIVEN, True),
        ({"kind": ApprovalKind.GENETIC_RESOURCES}, GIVEN, True),
    ],
)
def test_an_approval_holds_at_its_site_in_its_time_for_its_protocol(
    others: dict[str, object], on: date, is_missing: bool
) -> None:
    record_approval(approval(**others), **HOW)  # type: ignore[arg-type]
    assert (ApprovalKind.ETHICS in approvals_missing("HZ02", on)) is is_missing


@pytest.mark.requirement("LK-08")
def test_a_site_needs_each_kind() -> None:
    assert approvals_missing("HZ02", GIVEN) == list(ApprovalKind)
    for kind in ApprovalKind:
        record_approval(approval(kind), **HOW)
    assert approvals_missing("HZ02", GIVEN) == []


@pytest.mark.requirement("AT-09")
def test_what_is_recorded_and_ended_is_an_event_with_its_reason() -> None:
    recorded = record_approval(approval(), **HOW)
    end_approval(recorded, GIVEN + DAY, **HOW | {"reason": "new protocol"})
    first, second = TrailEvent.objects.filter(action__startswith="approval").order_by("pk")
    assert (first.action, first.site, first.reason) == (
        "approval.recorded",
        "HZ02",
        "letter of the committee",
    )
    assert {change.item: change.new for change in first.changes.all()}["reference"] == "2024-17"
    assert (second.action, second.reason) == ("approval.ended", "new protocol")
    assert [(change.old, change.new) for change in second.changes.all()] == [("", str(GIVEN + DAY))]


@pytest.mark.parametrize(
    "others",
    [{"body": ""}, {"reference": ""}, {"valid_until": GIVEN - DAY}, {"kind": "friendly"}],
)
def test_what_no_approval_can_say_is_refused(others: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        record_approval(approval(**others), **HOW)  # type: ignore[arg-type]
    assert TrailEvent.objects.count() == 0


def test_nothing_is_recorded_without_its_reason() -> None:
    with pytest.raises(ValidationError, match="Say why"):
        record_approval(approval(), **HOW | {"reason": "  "})
    assert not SiteApproval.objects.filter(site_code="HZ02").exists()


def test_a_new_consent_takes_the_place_of_the_one_before() -> None:
    old = ConsentVersion.objects.get()
    new = ConsentVersion(version="2.0", language="zh", approved_on=GIVEN, in_force_from=GIVEN + DAY)
    record_consent(new, **HOW)
    supersede_consent(old, GIVEN + DAY, **HOW)
    assert newest_consent_version(GIVEN) == old
    assert newest_consent_version(GIVEN + DAY) == new
    told = (
        TrailEvent.objects.filter(action__startswith="consent")
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert list(told) == ["consent.recorded", "consent.superseded"]


# --- the command -------------------------------------------------------------------------------------------
def test_a_site_is_approved_from_the_command_line() -> None:
    given = {"body": "Ministry", "reference": "HGR-1", "on": "2024-03-01", "reason": "certificate"}
    call_command("approve_site", "HZ02", "hgr", **given)
    assert approvals_missing("HZ02", GIVEN) == [ApprovalKind.ETHICS]


@pytest.mark.parametrize("wrong", [{"on": "1/3/2024"}, {"reference": ""}, {"reason": " "}])
def test_the_command_says_what_is_wrong(wrong: dict[str, str]) -> None:
    given = {"body": "Ministry", "reference": "HGR-1", "on": "2024-03-01", "reason": "certificate"}
    with pytest.raises(CommandError):
        call_command("approve_site", "HZ02", "hgr", **given | wrong)
    assert not SiteApproval.objects.filter(site_code="HZ02").exists()
