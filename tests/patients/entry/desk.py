"""What the tests of entry work with: sites, people, subjects and whole pages, made by the real acts."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import connection, transaction

from patients.casebook.form import FormRow, form_model
from patients.casebook.page import Page, Subject
from patients.entry.reasons import Reason
from patients.entry.register import register_member, register_site, register_subject
from patients.entry.save import Saved, save_page
from patients.schedule.placing import open_visit
from patients.schedule.placing import page_of as page_made
from tests.trial.trail.claiming import claim
from tests.trial.trail.tables import audited_models, project_models
from trial.people.access import Person, SystemPerson, actor_at
from trial.people.models import Account, Site
from trial.people.roles import Role
from trial.trail.actor import Source, acting
from trial.trail.models import TrailChange, TrailEvent

SYSTEM = SystemPerson("test", on_behalf_of="the tests")
BECAUSE = Reason("late_source")

CONSENT, INFUSED, GRAFTED, DIED = "2023-12-09", "2024-01-05", "2024-01-25", "2024-03-20"
BORN = "1992-04-04"

CONSENTED = {"icf_main_signed": "Y", "icf_main_dt": f"{CONSENT} 13:45"}
ELIG = CONSENTED | {
    "icf_main_version": "1.0",
    "icf_language": "zh",
    "icf_signer": "subject",
    "icf_hsct_signed": "Y",
    "icf_hsct_dt": CONSENT,
    "icf_genetic_signed": "Y",
    "icf_ltfu_signed": "Y",
    "rescreen": "N",
    **dict.fromkeys(
        (
            "inc01_consent",
            "inc02_age",
            "inc03_dx",
            "inc04_rr",
            "inc05_cd7",
            "inc06_ecog",
            "inc07_life",
            "inc08_organ",
            "inc09_donor",
            "inc10_contra",
        ),
        "Y",
    ),
    "rr_basis": "relapse_after_allo_hsct",
    **dict.fromkeys(
        (
            "exc01_gvhd",
            "exc02_infect",
            "exc03_virus",
            "exc04_cns",
            "exc05_cardiac",
            "exc06_malig",
            "exc08_dsa",
            "exc09_other",
        ),
        "N",
    ),
    "lvef_pct": "66.9",
    "spo2_ra_pct": "97",
}
DM = {
    "sex": "M",
    "birth_date": BORN,
    "ethnic_han": "han",
    "race": "ASIAN",
    "country": "CHN",
    "abo_rh": "AB+",
    "cmv_igg": "positive",
    "ebv_igg": "positive",
    "hbsag": "negative",
    "hbcab": "negative",
    "fertile": "Y",
    "hctci": "4",
}
DX = {
    "dx_type": "t_all",
    "dx_subtype": "mature",
    "dx_classification": "who_2022",
    "dx_date": "2021-04-03",
    "secondary_dx": "N",
    "karyotype_iscn": "46,XY[20]",
    "cyto_group": "normal",
    "fusion_genes": "none",
    "mutations": "none",
    "disease_status": "relapse_1",
    "relapse_n": "3",
    "bm_blast_scr_pct": "60.4",
    "pb_blast_scr_pct": "29.8",
    "emd_present": "N",
    "cns_status": "CNS1",
    "csf_wbc": "3.6",
    "cd7_method": "flow_cytometry",
    "cd7_pct": "92.0",
    "cd7_mfi": "bright",
    "cd7_test_dt": CONSENT,
}
INF = {
    "inf_go": "Y",
    "inf_start_dt": f"{INFUSED} 13:40",
    "inf_end_dt": f"{INFUSED} 13:57",
    "inf_weight": "74.0",
    "inf_dose_total": "148.00",
    "inf_volume": "58.1",
    "inf_complete": "Y",
    "inf_premed": "antihistamine|paracetamol",
    "inf_reaction": "none",
}
RESP = {
    "resp_dt": "2024-01-21",
    "bm_done": "Y",
    "bm_adequate": "yes",
    "bm_blast": "1.2",
    "bm_cellularity": "20",
    "pb_blast": "0",
    "emd_resp": "none_ever",
    "cns_resp": "CNS1",
    "mrd_done": "N",
    "resp_inv": "CRi",
}
HSCT = {
    "hsct_done": "Y",
    "hsct_start_dt": f"{GRAFTED} 15:20",
    "hsct_status": "CRi",
    "hsct_mrd": "not_done",
    "hsct_source": "bm|g_csf_pbsc",
    "hsct_fresh": "fresh",
    "graft_weight": "73.2",
    "graft_tnc": "9.84",
    "graft_cd34": "5.40",
    "graft_cd3": "3.653",
    "graft_days": "1",
    "graft_manip": "none",
    "cond_none": "Y",
    "gvhdp_none": "Y",
    "gcsf_post": "no",
    "hsct_reaction": "none",
    "steroid_at_h0": "N",
}
FU = {
    "fu_contact": "visit",
    "fu_dt": "2024-02-23",
    "fu_status": "ALIVE",
    "fu_disease": "remission_mrd_unknown",
    "fu_dz_dt": "2024-02-23",
    "fu_gvhd_active": "none",
    "fu_ist": "N",
    "fu_second_ca": "no",
    "fu_new_ae": "N",
}
DTH = {
    "dth_dt": DIED,
    "dth_primary": "infection",
    "dth_rel_cart": "possible",
    "dth_place": "icu",
    "dth_autopsy": "N",
    "dth_source": "hospital_record",
}
ANSWERS = {"ELIG": ELIG, "DM": DM, "DX": DX, "INF": INF, "RESP": RESP, "HSCT": HSCT, "FU": FU, "DTH": DTH}
ON = {
    "ELIG": CONSENT,
    "DM": CONSENT,
    "DX": CONSENT,
    "INF": INFUSED,
    "RESP": "2024-01-21",
    "HSCT": GRAFTED,
    "FU": "2024-02-23",
    "DTH": DIED,
}
"""The date of assessment of each of these pages."""


# --- people and subjects --------------------------------------------------------------------------------
def a_site(code: str = "HZ01") -> Site:
    return register_site(code, f"Site {code}", by=SYSTEM, source=Source.COMMAND)


def a_member(role: Role = Role.COORDINATOR, site: str = "HZ01", user_name: str = "ana.li") -> Account:
    """Somebody with this role at the site, as a new request would read the account."""
    member = register_member(
        user_name,
        user_name.title().replace(".", " "),
        role,
        a_site(site),
        by=SYSTEM,
        source=Source.COMMAND,
        reason="test",
    )
    return Account.objects.get(pk=member.account_id)


def a_subject(code: str = "HZ01-001", *, planned: date | None = None) -> Subject:
    site = a_site(code[:4])
    return register_subject(code, site, planned_infusion=planned, by=SYSTEM, source=Source.COMMAND)


def consented(code: str = "HZ01-001") -> Subject:
    """A subject of whom anything may be recorded."""
    subject = a_subject(code)
    save(page_of(subject, "ELIG"), CONSENTED, on=CONSENT)
    return subject


def infused(code: str = "HZ01-001") -> Subject:
    """A subject with the pages up to the infusion."""
    subject = a_subject(code)
    for user_name in ("pi.hz01", "ben.wu", "cai.xu"):
        a_member(Role.INVESTIGATOR, user_name=user_name)
    signed = {"signed_in_source_by": "pi.hz01", "signed_in_source_on": "2023-12-15", "enrol_dt": "2023-12-16"}
    save(page_of(subject, "ELIG"), ELIG | signed, on=CONSENT)
    save(page_of(subject, "DM"), DM, on=CONSENT)
    save(page_of(subject, "DX"), DX, on=CONSENT)
    checked = {"inf_coi_check1": "ben.wu", "inf_coi_check2": "cai.xu"}
    save(page_of(subject, "INF", "C0"), INF | checked, on=INFUSED)
    return subject


def died(code: str = "HZ01-001") -> Subject:
    """A subject who was infused and died."""
    subject = infused(code)
    save(opened(subject, "DTH", "ENDv", DIED), DTH, on=DIED)
    return subject


# --- pages ----------------------------------------------------------------------------------------------
def page_of(subject: Subject, form: str, visit: str = "SCR") -> Page:
    """The page as it is now."""
    pages = Page.objects.select_related("subject__site", "visit")
    return pages.get(subject=subject, form_code=form, visit__code=visit)


def opened(subject: Subject, form: str, visit: str, day: str) -> Page:
    """The page of a form at a visit that an event opens on this day, or that is there without it."""
    with transaction.atomic(), acting(actor_at(SYSTEM, site=subject.site.code, source=Source.COMMAND)):
        page = page_made(subject, form, open_visit(subject, visit, date.fromisoformat(day)))
        claim()
    return Page.objects.select_related("subject__site", "visit").get(pk=page.pk)


def logged(subject: Subject, form: str) -> Page:
    """The page of a log form."""
    with transaction.atomic(), acting(actor_at(SYSTEM, site=subject.site.code, source=Source.COMMAND)):
        page = page_made(subject, form, None)
        claim()
    return now(page)


def now(page: Page) -> Page:
    """The page as it is now."""
    return Page.objects.select_related("subject__site", "visit").get(pk=page.pk)


def save(
    page: Page,
    answers: Mapping[str, str] | None = None,
    *,
    on: str = "",
    header: Mapping[str, str] | None = None,
    by: Person = SYSTEM,
    base: int | None = None,
    why: Reason | Mapping[str, Reason] | None = None,
    rows: Mapping[str, Mapping[str, str]] | None = None,
    **options: Any,
) -> Saved:
    """Save a single form, or `rows` of a repeating one. `base` is the version read (the present one), `why`
    the reason of each item."""
    page = now(page)
    header = {**({"form_date": on} if on else {}), **(header or {})}
    given = rows or ({"": answers} if answers else {})
    if isinstance(why, Reason):
        reasons = {("", name): why for name in header}
        reasons |= {(key, name): why for key, row in given.items() for name in row}
    else:
        reasons = {("", name): reason for name, reason in (why or {}).items()}
    return save_page(
        page,
        given,
        by=by,
        base_version=page.version if base is None else base,
        source=options.pop("source", Source.WEB),
        header=header,
        reasons={(key, name.removesuffix("__missing")): reason for (key, name), reason in reasons.items()},
        **options,
    )


def row_of(page: Page) -> FormRow:
    return form_model(page.form_code).of_page(page).get()


def texts(page: Page) -> dict[str, str]:
    """The stored answers of a single form as text, only what is filled."""
    row = row_of(page)
    found = {
        item.name: item.text(value) for item in row.items() if (value := getattr(row, item.name)) is not None
    }
    return {name: text for name, text in found.items() if text}


# --- what was written -----------------------------------------------------------------------------------
def last_event() -> TrailEvent:
    return TrailEvent.objects.latest("pk")


def changes_of(event: TrailEvent) -> dict[str, TrailChange]:
    return {change.item: change for change in event.changes.all()}


def content(models: Iterable[type] | None = None) -> dict[str, list[tuple]]:
    """Everything that the tables of the project hold."""
    found = {}
    with connection.cursor() as cursor:
        for model in models or project_models():
            table = model._meta.db_table
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = sorted(cursor.fetchall(), key=repr)  # PostgreSQL promises no order
    return found


def rows_that_differ_from_their_newest_version() -> list[str]:
    """Every live row says what its newest version says, or it is named here."""
    different = []
    for model in audited_models():
        columns = [column.attname for column in model.history.model.tracked_fields]
        newest: dict[Any, tuple] = {}
        for version in model.history.order_by("history_id").values(*columns):
            newest[version["id"]] = tuple(str(version[name]) for name in columns)
        for row in model.objects.values(*columns):
            if newest.get(row["id"]) != tuple(str(row[name]) for name in columns):
                different.append(f"{model.__name__} {row['id']}")
    return different


def all_text() -> str:
    """Every cell of every table of the database, as one text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += [str(cell) for row in cursor.fetchall() for cell in row]
    return "\n".join(found)


def put_in_state(page: Page, state: str) -> None:
    """The page in a state without the act that gives it."""
    with transaction.atomic(), acting(actor_at(SYSTEM, site="HZ01", source=Source.COMMAND)):
        page.state = page.stored_state = state  # past the table of moves
        page.save()
        claim()
