"""Every model says what may happen to its rows: audited, written once, or plain, with the reason."""

import pytest

from tests.trial.trail.tables import append_only_models, audited_models, project_models
from trial.trail.append_only import AppendOnlyModel
from trial.trail.audited import AuditedModel, AuditedQuerySet, HistoryRow

AUDITED = {
    "trial.Laboratory",
    "trial.ReferenceRange",
    "patients.Subject",
    "patients.Visit",
    "patients.Page",
    "patients.Query",
    "patients.Identity",
    "patients.Eligibility",
    "patients.Demographics",
    "patients.DiseaseHistory",
    "patients.PriorTherapy",
    "patients.PriorTransplant",
    "patients.PriorCellularTherapy",
    "patients.Donor",
    "patients.Manufacturing",
    "patients.ProductRelease",
    "patients.Lymphodepletion",
    "patients.Laboratory",
    "patients.CytokineRelease",
    "patients.Chimerism",
    "patients.AcuteGVHD",
    "patients.ChronicGVHD",
    "patients.AdverseEvent",
    "patients.Infection",
    "patients.Infusion",
    "patients.ResponseAssessment",
    "patients.Transplantation",
    "patients.Relapse",
    "patients.FollowUp",
    "patients.Death",
    "patients.EndOfStudy",
    "patients.VitalSigns",
    "patients.Neurotoxicity",
    "patients.Hyperinflammation",
    "patients.Expansion",
    "patients.Engraftment",
    "patients.Transfusion",
    "patients.DoseLimitingToxicity",
    "patients.SeriousEventReport",
    "patients.ConcomitantMedication",
    "patients.SubsequentTherapy",
    "patients.ProtocolDeviation",
}
APPEND_ONLY = {
    "trial.TrailEvent",
    "trial.TrailChange",
    "trial.AccessReview",
    "trial.ConfigValue",
    "trial.StudyClosing",
    "trial.LedgerLeaf",
    "trial.Seal",
    "patients.ReviewMark",
    "patients.MonitoringVisit",
    "patients.LaboratoryMapping",
    "trial.TrainingVersion",
    "trial.TrainingRecord",
    "analytics.Snapshot",
    "analytics.Lock",
    "analytics.Estimate",
    "patients.Signature",
    "patients.SignatureFall",
    "patients.Attachment",
    "patients.AttachmentWithdrawal",
    "patients.Verification",
    "patients.VerificationFall",
    "patients.Freeze",
    "patients.Thaw",
    "patients.LockRequest",
    "patients.LockDecision",
    "patients.CasebookLock",
    "patients.Unlocking",
    "patients.Relocking",
    "patients.DoubleAnswer",
    "patients.QueryMessage",
    "patients.SeriousNotice",
    "patients.SafetyMail",
    "patients.SafetyMailOutcome",
    "patients.Dictionary",
    "patients.Concept",
    "patients.Term",
    "patients.TermIndex",
    "patients.Coding",
    "patients.CodingWithdrawal",
}
PLAIN = {
    "trial.Alarm": "there as long as it lasts; that it was raised and ended are events of the trail",
    "trial.Site": "a name; what is done at a site stands in the trail",
    "trial.Account": "last sign-in and password change daily; each act is an event of the trail",
    "trial.SetUpLink": "used once; to issue and to use it are events of the trail",
    "trial.SecondFactorReset": "approved once; to ask and to approve are events of the trail",
    "trial.Member": "a grant ends and is never rewritten; granting is an event of the trail",
    "trial.ExportToken": "last use and revocation; what a token may is never widened",
    "trial.ExportToken_sites": "the sites of a token, set once with it",
    "trial.ConfigRequest": "asked for, then decided once; each act is an event of the trail",
    "trial.ConsentVersion": "its end is entered when the next version begins",
    "trial.SiteApproval": "its end is entered when it comes; each act is an event of the trail",
    "trial.Delegation": "its end is entered when it comes; each act is an event of the trail",
    "trial.SafetyContact": "its end is entered when it comes; each act is an event of the trail",
    "trial.HidingUnderway": "there within the transaction of a redaction alone",
    "patients.Redaction": "asked for, then decided once; each is an event of the trail, and its text goes",
    "trial.UnclaimedVersion": "emptied by the event of the act within the transaction",
    "patients.KeptDraft": "what was typed and not saved: no data, each keystroke in place of the last",
    "patients.KeptLaboratoryFile": "what was uploaded and not saved: no data, gone within a day",
    "patients.Likeness": "made of the audited identity anew at each save; it is compared and never read",
    "patients.AnsweredRequest": "the answer to a request for a day, so that it has one effect",
    "analytics.Run": "the state of a computation; its results are written once",
    "analytics.RunPart": "the state of a part of it, gone with its end",
    "analytics.TablesToMake": "the state of tables that are made; what lies ready is files",
    "analytics.Export": "the state of a file that is made; that it was taken is an event of the trail",
}


def label(model) -> str:
    return model._meta.label


def test_no_model_is_undeclared_and_none_is_declared_twice() -> None:
    declared = [*AUDITED, *APPEND_ONLY, *PLAIN]
    assert len(declared) == len(set(declared))
    versions = {label(model) for model in project_models() if issubclass(model, HistoryRow)}
    assert {label(model) for model in project_models()} - versions == set(declared)


def test_what_is_declared_audited_is_audited() -> None:
    assert {label(model) for model in audited_models()} == AUDITED


def test_each_audited_model_has_a_table_of_versions_and_nothing_else_has_one() -> None:
    versions = {label(model) for model in project_models() if issubclass(model, HistoryRow)}
    assert versions == {name.replace(".", ".Historical") for name in AUDITED}


def test_what_is_declared_written_once_is_written_once() -> None:
    found = {label(model) for model in append_only_models() if not issubclass(model, HistoryRow)}
    assert found == APPEND_ONLY


@pytest.mark.parametrize("model", project_models(), ids=label)
def test_no_model_is_both(model) -> None:
    assert not (issubclass(model, AuditedModel) and issubclass(model, AppendOnlyModel))


@pytest.mark.parametrize("model", audited_models(), ids=label)
def test_the_managers_of_an_audited_model_refuse_what_leaves_no_history(model) -> None:
    for manager in (*model._meta.managers, model._base_manager, model._default_manager):
        assert isinstance(manager.get_queryset(), AuditedQuerySet), manager
