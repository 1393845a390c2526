"""Simulated subjects for the benchmarks of locks: drawn by lot with a fixed seed, each with times of its own.

Some hundreds of them are drawn, built and imported as any casebook is; the others are copies of these in SQL
(`benchmarks.enlarged`), since an import takes a tenth of a second and more for each. A sheet keeps what
endpoints read: eligibility, demographics, diagnosis, history, donor, product, infusion, CRS day by day,
responses, transplant, chimerism, GVHD, relapse, contacts and death, and of the laboratory the counts of one
sample a week. Pages that were planned and never filled are thrown away: no cut looks at them. The rates are
plausible and of no trial.
"""

import csv
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, timedelta
from math import ceil
from pathlib import Path

from benchmarks.enlarged import enlarge, environment_of, taken_away
from benchmarks.journey import CUTOFF, ROOT

SEED = 20250805
DRAWN = 300
"""Subjects that are drawn and imported; a site has 999 at most."""
LEFT_OUT = ("VS", "KIN", "ICANS", "LD", "TRF", "CM", "SAE", "PDEV", "HLH")
COUNTS = {"NEUT", "PLAT"}
FIRST_ENROLMENT, DAYS_OF_ENROLMENT = date(2022, 6, 1), 1060

Row = dict[str, str]


def import_simulated(folder: Path, size: int) -> int:
    """A registry of so many simulated subjects, or some more; how many it has."""
    drawn = min(size, DRAWN)
    timelines, sheets = folder / "timelines.csv", folder / "casebook"
    folder.mkdir(parents=True, exist_ok=True)
    _write(timelines, [subject(number, random.Random(SEED + number)) for number in range(drawn)])  # noqa: S311
    _manage(folder, "build_casebook", str(timelines), str(sheets))
    _thin(sheets)
    _manage(folder, "import_casebook", str(sheets))
    _without_empty_pages(folder / "home" / "chimera.sqlite3")
    copies = ceil(size / drawn) - 1
    if copies:
        enlarge(folder, copies, for_a_cut=True)
    return drawn * (copies + 1)


def _manage(folder: Path, *command: str) -> None:
    arguments = [sys.executable, "manage.py", *command]
    subprocess.run(arguments, cwd=ROOT, env=environment_of(folder), check=True, stdout=2)


# --- by lot -----------------------------------------------------------------------------------------------
def subject(number: int, lot: random.Random) -> Row:
    """The timeline of a subject, as the table of timelines has it."""
    enrolled = FIRST_ENROLMENT + timedelta(lot.randrange(DAYS_OF_ENROLMENT))
    facts = _screened(number, enrolled, lot)
    if lot.random() < 0.04:
        return facts | {"last_contact_date": str(enrolled + timedelta(lot.randint(5, 60)))}
    depleted = enrolled + timedelta(lot.randint(4, 20))
    infused = depleted + timedelta(lot.randint(5, 7))
    facts |= {"ld_start_date": str(depleted), "cart_infusion_date": str(infused)}
    facts |= _followed(infused, lot)
    last = date.fromisoformat(facts["last_contact_date"])
    return facts | _toxicity(depleted, infused, last, lot) | _answer(infused, last, lot)


def _screened(number: int, enrolled: date, lot: random.Random) -> Row:
    born = enrolled - timedelta(lot.randint(19 * 366, 65 * 365))
    return {
        "patient_id": f"SIM-{number + 1:04d}",
        "date_of_birth": str(born),
        "age_at_enrolment": f"{(enrolled - born).days / 365.25:.1f}",
        "sex": lot.choice("MF"),
        "diagnosis": lot.choices(["AML", "T-ALL", "T-LBL"], [6, 3, 1])[0],
        "prior_lines": str(lot.randint(1, 5)),
        "n_prior_allo_hsct": str(int(lot.random() < 0.2)),
        "prior_cll1_cart": str(int(lot.random() < 0.1)),
        "enrolment_date": str(enrolled),
        "product_source": "NEW_HAPLO",
        "donor_relationship": lot.choice(["PARENT", "SIBLING", "OFFSPRING"]),
    }


def _followed(infused: date, lot: random.Random) -> Row:
    """Alive until a day near the cut-off, or dead before it."""
    seen = max(date.fromisoformat(CUTOFF) - timedelta(lot.randint(0, 45)), infused + timedelta(20))
    dies = infused + timedelta(10 + int(lot.expovariate(1 / 900)))
    if dies > seen:
        return {"last_contact_date": str(seen)}
    cause = lot.choices(["INFECTION", "RELAPSE", "OTHER"], [4, 3, 3])[0]
    return {"last_contact_date": str(dies), "death_date": str(dies), "death_cause": cause}


def _toxicity(depleted: date, infused: date, last: date, lot: random.Random) -> Row:
    crs = lot.choices(range(5), [8, 45, 32, 12, 3])[0]
    cytopenia = lot.choices([2, 3, 4], [5, 25, 70])[0]
    onset = infused + timedelta(lot.randint(0, 6))
    resolved = min(onset + timedelta(lot.randint(2, 10)), last)
    facts = {
        "cart_dose_cells_per_kg": str(lot.choice([1, 2, 3]) * 1_000_000),
        "crs_max_grade": str(crs),
        "cytopenia_max_grade": str(cytopenia),
        "cytopenia_onset_date": str(depleted + timedelta(lot.randint(2, 8))),
    }
    return facts | ({"crs_onset_date": str(onset), "crs_resolved_date": str(resolved)} if crs else {})


def _answer(infused: date, last: date, lot: random.Random) -> Row:
    """The response and what follows it, as far as the subject is seen."""
    remission = infused + timedelta(lot.randint(14, 30))
    if remission > last or lot.random() < 0.18:
        return {"response": "NO_RESPONSE"}
    response = lot.choices(["MRD_NEG_CRI", "MRD_POS_CRI"], [9, 1])[0]
    facts = {"response": response, "cri_date": str(remission)}
    relapse = remission + timedelta(30 + int(lot.expovariate(1 / 1200)))
    if relapse <= last:
        kind = lot.choice(["CD7_NEGATIVE", "CD7_POSITIVE"])
        facts |= {"relapse_date": str(relapse), "relapse_type": kind}
    grafted = remission + timedelta(lot.randint(2, 25))
    return facts | (_graft(grafted, last, lot) if grafted <= min(last, relapse) else {})


def _graft(grafted: date, last: date, lot: random.Random) -> Row:
    acute = lot.choices(range(5), [45, 20, 22, 9, 4])[0]
    onset, first = grafted + timedelta(lot.randint(14, 80)), grafted + timedelta(lot.randint(26, 32))
    acute = acute if onset <= last else 0
    facts = {"hsct_date": str(grafted), "agvhd_max_grade": str(acute)}
    if acute:
        resolved = min(onset + timedelta(lot.randint(7, 50)), last)
        facts |= {"agvhd_onset_date": str(onset), "agvhd_resolved_date": str(resolved)}
    if first <= last:
        percent = lot.choices([100.0, round(lot.uniform(85, 99.9), 1)], [6, 4])[0]
        facts |= {"chimerism_1m_date": str(first), "chimerism_1m_donor_pct": f"{percent}"}
    chronic = grafted + timedelta(lot.randint(100, 400))
    if chronic <= last and lot.random() < 0.25:
        severity = lot.choice(["MILD", "MODERATE", "SEVERE"])
        facts |= {"cgvhd_onset_date": str(chronic), "cgvhd_severity": severity}
    return facts


# --- what is kept -----------------------------------------------------------------------------------------
def _write(path: Path, rows: list[Row]) -> None:
    with (ROOT / "patients" / "builder" / "demo" / "timelines.csv").open(encoding="utf-8") as file:
        columns = next(csv.reader(file))
    _write_sheet(path, columns, rows)


def _write_sheet(path: Path, columns: list[str], rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _thin(sheets: Path) -> None:
    """Leave what endpoints read."""
    for form in LEFT_OUT:
        (sheets / f"{form}.csv").unlink()
    path = sheets / "LAB.csv"
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns, rows = list(reader.fieldnames or ()), list(_weekly(reader))
    _write_sheet(path, columns, rows)


def _weekly(rows: Iterable[Row]) -> Iterator[Row]:
    """The counts of the first sample of each week, and all of screening."""
    week_of: dict[tuple[str, str], str] = {}
    for row in rows:
        week = (row["subject_id"], date.fromisoformat(row["form_date"]).strftime("%G-%V"))
        first = week_of.setdefault(week, row["form_date"]) == row["form_date"]
        if row["visit_code"] == "SCR" or (first and row["repeat"] in COUNTS):
            yield row


def _without_empty_pages(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        with taken_away(connection):
            connection.execute("DELETE FROM patients_page WHERE version = 0")
            connection.execute(
                "DELETE FROM patients_visit WHERE id NOT IN"
                " (SELECT visit_id FROM patients_page WHERE visit_id IS NOT NULL)"
            )


if __name__ == "__main__":
    print(import_simulated(Path(sys.argv[1]), int(sys.argv[2])))
