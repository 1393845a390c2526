"""Small invented distributions in the layouts of MedDRA and WHODrug, and terms to be coded with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from patients.casebook.page import Page
from patients.coding.codes import How
from patients.coding.coding_act import Choice, Seen, code_terms
from patients.coding.dictionaries import Dictionary, Term
from patients.coding.loading import load_dictionary
from patients.coding.schemes import Kind
from patients.coding.standing import CodedTerm, State, terms_at
from tests.patients.entry import desk
from trial.people.access import Person
from trial.trail.actor import Source


@dataclass(frozen=True)
class Pt:
    """A preferred term: its name, its class, and its further lowest level terms; `old` are not current."""

    name: str
    soc: str = "S1"
    llts: Mapping[str, str] = field(default_factory=dict)
    old: tuple[str, ...] = ()


EVENTS = {
    "P1": Pt("Neutropenia", llts={"L1": "Neutrophils low", "L2": "ANC low"}, old=("L2",)),
    "P2": Pt("Fever", "S2", llts={"L3": "Pyrexia"}),
    "P3": Pt("Rash", "S2", llts={"L4": "Skin rash"}),
}


def meddra(folder: Path, events: Mapping[str, Pt] = EVENTS, changed: Mapping[str, str] | None = None) -> Path:
    """A distribution with a path of its own for each class; `changed` puts files into the place of others."""
    socs = sorted({pt.soc for pt in events.values()})
    links = [(soc, f"G{soc}", f"H{soc}") for soc in socs]
    files = {
        "soc.asc": [f"{soc}$Class {soc}$Cl$$$$$$$$" for soc in socs],
        "hlgt.asc": [f"{hlgt}$Group {hlgt}$$$$$$$$" for _soc, hlgt, _hlt in links],
        "hlt.asc": [f"{hlt}$High {hlt}$$$$$$$$" for _soc, _hlgt, hlt in links],
        "soc_hlgt.asc": [f"{soc}${hlgt}$" for soc, hlgt, _hlt in links],
        "hlgt_hlt.asc": [f"{hlgt}${hlt}$" for _soc, hlgt, hlt in links],
        "pt.asc": [f"{code}${pt.name}$${pt.soc}$$$$$$$" for code, pt in events.items()],
        "hlt_pt.asc": [f"H{pt.soc}${code}$" for code, pt in events.items()],
        "mdhier.asc": [
            f"{code}$H{pt.soc}$G{pt.soc}${pt.soc}${pt.name}$High H{pt.soc}$Group G{pt.soc}"
            f"$Class {pt.soc}$Cl$${pt.soc}$Y$"
            for code, pt in events.items()
        ],
        "llt.asc": [line for code, pt in events.items() for line in _llts(code, pt)],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, text in (changed or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _llts(code: str, pt: Pt) -> list[str]:
    named = {code: pt.name} | dict(pt.llts)
    return [f"{llt}${name}${code}$$$$$$${'N' if llt in pt.old else 'Y'}$$" for llt, name in named.items()]


DRUGS = ("A00001010010", "ACICLOVIR"), ("A00001020013", "ACICLOVIR SODIUM"), ("A00002010015", "PREDNISONE")
INA = "ZZ     1ALL\nZZ01A  3ANTIVIRALS\nZZ02A  3STEROIDS\n"
DDA = "A00001010010ZZ01A  \nA00002010015ZZ02A  \n"


def whodrug(folder: Path, changed: Mapping[str, str] | None = None) -> Path:
    lines = [f"{code}{'':<18}{name}" for code, name in DRUGS]
    files = {"DD.txt": "\n".join(lines) + "\n", "INA.txt": INA, "DDA.txt": DDA} | dict(changed or {})
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


RECORDS = (  # record id, drug code, name, ATC code
    ("11", "A0000101001", "Aciclovir", "ZZ01A"),
    ("12", "A0000101001", "ACICLOVIR", ""),
    ("13", "A0000101002", "Virzine", "ZZ02A"),
    ("14", "A0000102001", "Aciclovir sodium", ""),
    ("15", "A0000201001", "Prednisone", "ZZ02A"),
)


def whodrug_c3(folder: Path, changed: Mapping[str, str] | None = None) -> Path:
    """As CSV: two records of one drug code, and a trade name with a class of its own."""
    classed = [(record, atc) for record, _code, _name, atc in RECORDS if atc]
    files = {
        "MP.csv": "".join(mp_line(record, code, name) for record, code, name, _atc in RECORDS),
        "ThG.csv": "".join(f'"{n}","{atc}","20200101","Y","{to}"\n' for n, (to, atc) in enumerate(classed)),
        "ATC.csv": '"ZZ","1","All, of them"\n"ZZ01A","3","Antivirals"\n"ZZ02A","3","Steroids"\n',
    } | dict(changed or {})
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8-sig")
    return folder


def mp_line(record: str, code: str, name: str) -> str:
    cells = [record, "", code[:6], code[6:8], code[8:], "", "", "N", name, *[""] * 13]
    return ",".join(f'"{cell}"' for cell in cells) + "\n"


def loaded(kind: Kind, folder: Path, version: str = "1", language: str = "en") -> Dictionary:
    how = {"by": desk.SYSTEM, "source": Source.COMMAND}
    return load_dictionary(kind, folder, version=version, language=language, **how).dictionary


# --- terms of subjects -----------------------------------------------------------------------------------
def events_of(code: str = "HZ01-001", **terms: str) -> Page:
    """The page of adverse events of a subject with these terms, by row key (`r1="fever"`)."""
    page = desk.logged(desk.consented(code), "AE")
    desk.save(page, rows={key.removeprefix("r"): {"ae_term": term} for key, term in terms.items()})
    return desk.now(page)


def the_terms(site: str = "HZ01") -> list[CodedTerm]:
    return terms_at([site], list(State))


def states(site: str = "HZ01") -> dict[tuple[str, str], str]:
    """How each term stands, by subject and row."""
    return {(term.subject, term.row_key): term.state.value for term in the_terms(site)}


def term_called(name: str) -> Term:
    """The newest term of this name."""
    return Term.objects.filter(name=name).select_related("concept", "dictionary").latest("pk")


def code(name: str, by: Person = desk.SYSTEM, *, how: How = How.CHOSEN, why: str = "", **rows: str) -> int:
    """Code these adverse events (`r1="HZ01-001"`: row key and subject), or all that there are, so."""
    wanted = {(subject, key.removeprefix("r")) for key, subject in rows.items()}
    events = [term for term in the_terms() if term.coded.form == "AE"]
    found = [term for term in events if not wanted or (term.subject, term.row_key) in wanted]
    choices = [Choice(Seen.of(term), term_called(name)) for term in found]
    return code_terms(choices, how=how, by=by, why=why)
