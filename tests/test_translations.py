"""The Chinese of the interface: complete, true to the placeholders, compiled, and covering the code."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _lazily
from django.utils.translation.template import templatize

from patients.casebook.form import declared_forms
from patients.casebook.header import FIELDS
from patients.casebook.type_words import WORDS
from patients.grading.result import Flag
from patients.items.codelists import CodeList
from patients.items.conditions import ALWAYS, Both, Condition, Either, Judged, judged, when, when_filled
from patients.items.item import Item
from patients.items.units import WORDS as UNITS
from patients.web.clocks import full_day, long_day, short_day
from patients.web.flags import LABELS, flag_label
from trial.people.roles import Role
from trial.protocol.visits import VISITS

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
COMPILED = CATALOGUE.with_suffix(".mo")
PYTHON = ("trial", "patients", "analytics")
DAY_FORMAT = "format of a day"

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|%[sdr]|\{\w*\}|</?[a-z]+(?: [^<>]*)?>")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH_WORD = re.compile(r"[a-z]{4,}")  # what a code, an acronym, a unit or a gene does not hold
SAME_IN_BOTH = frozenset(
    {
        "MR-gene", "near-ETP",  # subtypes of a diagnosis, as WHO and ICC name them
        "10^6 cells/kg", "cells/uL", "copies*d/ug", "copies/cell", "copies/mL", "copies/ug DNA",
        "mmol/L", "ratio", "ukat/L", "umol/L",
        "Aspergillus fumigatus", "Candida albicans", "Enterococcus faecium", "Escherichia coli",
        "Klebsiella pneumoniae", "Pseudomonas aeruginosa", "Staphylococcus aureus",
        "Bioheng",
        "subject_id + '-D' + n", "mfg_end - mfg_start", "inf_dose_total / (rel_car / 100) / inf_weight",
    }
)  # fmt: skip


# Of each function: where the context stands, where the text, where its plural.
Places = tuple[int | None, int, int | None]
FUNCTIONS: dict[str, Places] = {
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
Marked = tuple[str, str, str]  # context, text, plural


@cache
def written() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def catalogue() -> list[polib.POEntry]:
    """The entries in force: a text that the code no longer holds may rest at the end of the file."""
    return [entry for entry in written() if not entry.obsolete]


def said(entry: polib.POEntry) -> list[str]:
    """What the entry is translated to: one text, as Chinese has one plural form."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def named(entries: list[polib.POEntry]) -> str:
    return "\n".join(f"{entry.msgid!r} → {said(entry)}" for entry in entries)


# --- the catalogue ---------------------------------------------------------------------------------------
def test_every_text_is_translated() -> None:
    lacking = [entry for entry in catalogue() if len(said(entry)) != 1 or not said(entry)[0].strip()]
    assert not lacking, named(lacking)


def test_no_translation_is_a_guess() -> None:
    guessed = [entry for entry in catalogue() if entry.fuzzy]
    assert not guessed, named(guessed)
    assert not written().metadata_is_fuzzy


def test_placeholders_and_tags_are_kept() -> None:
    wrong = [
        entry
        for entry in catalogue()
        if entry.msgctxt != DAY_FORMAT
        for text in said(entry)
        if sorted(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid)) != sorted(PLACEHOLDER.findall(text))
    ]
    assert not wrong, named(wrong)


def test_the_header_names_the_language_and_nobody() -> None:
    assert written().metadata == {
        "Project-Id-Version": "Chimera",
        "Language": "zh_Hans",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }


def test_what_is_loaded_is_the_catalogue_compiled() -> None:
    compiled = polib.mofile(str(COMPILED))
    assert {(e.msgctxt, e.msgid, e.msgid_plural, *said(e)) for e in compiled} == {
        (e.msgctxt, e.msgid, e.msgid_plural, *said(e)) for e in catalogue()
    }, f"compile {CATALOGUE.relative_to(ROOT)} anew: polib.pofile(…).save_as_mofile(…)"
    assert compiled.metadata == written().metadata


# --- the code --------------------------------------------------------------------------------------------
def test_every_marked_text_stands_in_the_catalogue() -> None:
    known = {(entry.msgctxt or "", entry.msgid, entry.msgid_plural) for entry in catalogue()}
    with_any_plural = {(context, text, "") for context, text, _plural in known}
    missing = sorted(
        f"{place}: {' | '.join(part for part in marked if part)}"
        for place, marked in [*_of_python(), *_of_templates()]
        if marked not in known and marked not in with_any_plural
    )
    assert not missing, f"{len(missing)} texts are not in the catalogue:\n" + "\n".join(missing)


def test_the_walk_finds_what_is_marked() -> None:
    """The search itself, on texts that a person can find."""
    python, templates = {marked for _, marked in _of_python()}, {marked for _, marked in _of_templates()}
    assert ("", "Date of death", "") in python
    assert (DAY_FORMAT, "j M", "") in python
    assert ("", "%(count)s item", "%(count)s items") in python
    assert ("", "Skip to content", "") in templates
    assert ("", "%%n changed, not saved", "") in templates
    assert ("", "%(number)s first entry", "%(number)s first entries") in templates
    assert ("", "No subjects", "") in templates  # _("…") as an argument of a tag


def test_adjacent_and_aliased_texts_are_found() -> None:
    source = (
        "from django.utils import translation\n"
        "from django.utils.translation import gettext_lazy as lazily, npgettext\n"
        "lazily('one ' 'text')\nlazily(variable)\ntranslation.gettext('two')\n"
        "npgettext('where', 'thing', 'things', 2)\n_('not ours')\n"
    )
    assert list(_calls(source)) == [
        (3, ("", "one text", "")),
        (5, ("", "two", "")),
        (6, ("where", "thing", "things")),
    ]


def _of_python() -> Iterator[tuple[str, Marked]]:
    for room in PYTHON:
        for path in sorted((ROOT / room).rglob("*.py")):
            for line, marked in _calls(path.read_text(encoding="utf-8")):
                yield f"{path.relative_to(ROOT)}:{line}", marked


def _calls(source: str) -> Iterator[tuple[int, Marked]]:
    """The texts that a module gives to Django's functions, under whatever name it imported them."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {
        alias.asname or alias.name: FUNCTIONS[alias.name]
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in FUNCTIONS
    }
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        places: Places | None = None
        if isinstance(called, ast.Name):
            places = names.get(called.id)
        elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            places = FUNCTIONS.get(called.attr) if called.value.id == "translation" else None
        if places and (marked := _marked([_literal(arg) for arg in node.args], places)):
            yield node.lineno, marked


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _marked(texts: list[str | None], places: Places) -> Marked | None:
    """None for a call whose texts are not written out where it stands."""
    found = ["" if at is None else texts[at] if at < len(texts) else None for at in places]
    context, text, plural = found
    return None if context is None or text is None or plural is None else (context, text, plural)


_STRING = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_IN_TEMPLATE = re.compile(rf"\b(n?p?gettext|_)\(({_STRING}(?:,\s*{_STRING})*)", re.DOTALL)


def _of_templates() -> Iterator[tuple[str, Marked]]:
    for path in sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file()):
        code = templatize(path.read_text(encoding="utf-8"))
        for call in _IN_TEMPLATE.finditer(code):
            texts = list(ast.literal_eval(f"({call[2]},)"))
            marked = _marked(texts, FUNCTIONS.get(call[1], FUNCTIONS["gettext"]))
            assert marked, f"{path}: {call[0]}"
            yield f"{path.relative_to(ROOT)}:{code.count(chr(10), 0, call.start()) + 1}", marked


# --- what people read ------------------------------------------------------------------------------------
def test_django_speaks_chinese() -> None:
    day = date(2025, 6, 10)
    with translation.override("zh-hans"):
        assert gettext("Sign in") == "登录"
        assert ngettext("%(count)s item", "%(count)s items", 3) % {"count": 3} == "3 项"
        assert date_format(day, pgettext(DAY_FORMAT, "D j M Y")) == long_day(day) == "2025年6月10日 星期二"
        assert (short_day(day), full_day(day)) == ("6月10日", "2025年6月10日")
        assert str(Role.COORDINATOR.label) == "临床协调员"
    assert long_day(day) == "Tue 10 Jun 2025"


@pytest.mark.parametrize(
    ("form", "item", "label"),
    [
        ("ELIG", "inc04_rr", "I4 复发或难治"),
        ("DX", "cns_status", "筛选时 CNS 状态"),
        ("RESP", "bm_blast", "骨髓原始细胞"),
        ("HSCT", "hsct_done", "已行移植"),
        ("DTH", "dth_dt", "死亡日期"),
    ],
)
def test_labels_of_items_follow_the_language(form: str, item: str, label: str) -> None:
    declared = next(model for model in declared_forms() if model.form.code == form).item(item).declared
    english = str(declared.label)
    with translation.override("zh-hans"):
        assert str(declared.label) == label
    assert str(declared.label) == english != label


def test_every_label_is_chinese_or_the_same_in_both() -> None:
    """Also a label that nobody marked for translation."""
    left = sorted({f"{place}: {text}" for place, text in _left_in_english()})
    assert not left, f"{len(left)} texts are left in English:\n" + "\n".join(left)


def test_every_type_of_an_item_has_a_word() -> None:
    used = {item.type_name.partition("(")[0] for model in declared_forms() for item in model.items()}
    assert used <= set(WORDS)


@pytest.mark.parametrize("flag", Flag)
def test_every_flag_beside_a_grade_is_said_in_both_languages(flag: Flag) -> None:
    assert set(LABELS) == set(Flag)
    with translation.override("zh-hans"):
        chinese = flag_label(flag)
    assert CHINESE.search(chinese)
    assert flag_label(flag) not in (flag.value, chinese)


def test_a_flag_that_no_engine_gives_any_more_stands_as_it_was_kept() -> None:
    assert flag_label("of_an_earlier_engine") == "of_an_earlier_engine"


def test_a_condition_is_read_in_the_language_in_use() -> None:
    condition = (when("a", "X", "Y") | when_filled("b")) & judged(_lazily("yearly"), bool)
    assert str(condition) == "((a=X or Y or b filled) and yearly)"
    with translation.override("zh-hans"):
        assert str(condition) == "((a=X 或 Y 或 b 已填写) 且 每年一次)"
        assert str(ALWAYS) == "始终"


def test_what_english_tells_apart_chinese_tells_apart() -> None:
    """The answers of a list, and the items of a form."""
    merged = [place for place, english, chinese in _groups() if len(set(chinese)) < len(set(english))]
    assert not merged, f"the same Chinese stands for two of: {', '.join(merged)}"


def _groups() -> Iterator[tuple[str, list[str], list[str]]]:
    """The labels that are read beside each other, in English and in Chinese."""
    together: dict[str, list[object]] = {}
    for model in declared_forms():
        for item in model.items():
            together.setdefault(model.form.code, []).append(item.declared.label)
            for codes in _lists(item):
                labels = [code.label for code in codes.codes]
                together.setdefault(f"{model.form.code}.{item.name} {codes.name}", []).extend(labels)
    for place, texts in together.items():
        with translation.override("en"):
            english = [str(text) for text in texts]
        with translation.override("zh-hans"):
            yield place, english, [str(text) for text in texts]


def _left_in_english() -> Iterator[tuple[str, str]]:
    with translation.override("zh-hans"):
        chinese = [(place, str(text)) for place, text in _labels()]
    with translation.override("en"):
        english = [str(text) for _place, text in _labels()]
    for (place, text), original in zip(chinese, english, strict=True):
        is_english = ENGLISH_WORD.search(original) and original not in SAME_IN_BOTH
        if is_english and not CHINESE.search(text):
            yield place, original


def _labels() -> Iterator[tuple[str, object]]:
    """Every text of the declarations, with the place where it stands."""
    for _name, item, _column in FIELDS:
        yield from _of_item("header", item)
    for model in declared_forms():
        yield model.form.code, model.form.title
        yield from ((model.form.code, section.title) for section in model.form.sections)
        yield from ((rule.id, rule.message) for rule in model.form.row_rules)
        for item in model.items():
            yield from _of_item(model.form.code, item)
    yield from ((visit.code, visit.label) for visit in VISITS)
    yield from (("role", role.label) for role in Role)
    yield from (("language", name) for _code, name in settings.LANGUAGES)


def _of_item(form: str, item: Item) -> Iterator[tuple[str, object]]:
    place = f"{form}.{getattr(item, 'name', None) or item.declared.cdisc}"
    yield place, item.declared.label
    yield place, item.declared.hint
    yield place, UNITS.get(item.declared.unit, item.declared.unit)
    for limit in (*item.declared.hard, *item.declared.soft):
        yield place, limit.message
        yield place, getattr(limit, "words", "")
    for derivation in filter(None, (item.declared.derivation, item.declared.proposal)):
        yield place, derivation.formula
    yield from ((place, words) for words in _judged(item.declared.when))
    for codes in _lists(item):
        yield from ((f"{place} {code.code}", code.label) for code in codes.codes)


def _judged(condition: Condition) -> Iterator[object]:
    """What a condition says in words; the rest of it is made of codes and signs."""
    if isinstance(condition, Both | Either):
        yield from (*_judged(condition.one), *_judged(condition.other))
    if isinstance(condition, Judged):
        yield condition.words


def _lists(item: Item) -> Iterator[CodeList]:
    """The codes of the answers; of a grid those of its cells too."""
    lists = (getattr(item, "codes", None), getattr(item, "cells", None))
    return (codes for codes in lists if isinstance(codes, CodeList))
