"""How many of SAF had which adverse event after the infusion: each subject counts once, with its worst grade.

By system organ class and preferred term (section 4.1 of the specification), as far as the events are coded.
What is not coded, or has no class, is named by its category of special interest, and in it by its CTCAE term;
"other" is no name, there the words that were entered stand, whatever their capitals.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from analytics.datasets.adverse_events import FATAL
from analytics.datasets.build import Datasets
from analytics.endpoints.listed import Lines
from analytics.endpoints.sets import Set, by_code
from patients.items.codelists import RELATED

SEVERE_FROM_GRADE, FATAL_GRADE = 3, 5
# What a row counts: all; a class and its preferred terms; what is uncoded, where anything is coded; a
# category of special interest and its terms.
EVERY, CLASS, PREFERRED, UNCODED = "every", "class", "preferred", "uncoded"
CATEGORY, TERM = "category", "term"
# What is asked of an event beside its grade (section 4.1); related is possible or more.
ASPECTS: dict[str, pl.Expr] = {
    "serious": pl.col("AESER"),
    "related_ld": pl.col("AERELLD").is_in(sorted(RELATED)),
    "related_cart": pl.col("AEREL").is_in(sorted(RELATED)),
    "related_hsct": pl.col("AERELGR").is_in(sorted(RELATED)),
    "fatal": (pl.col("AETOXGR") == FATAL_GRADE).fill_null(value=False) | (pl.col("AEOUT") == FATAL),
}
_COUNTED = (
    "SUBJID", "AESEQ", "AETERM", "AEDECOD", "AEPTCD", "AEBODSYS", "AEBDSYCD", "AEDICT", "AEDICTV", "AETOX",
    "AESCAT", "AETOXGR", "AESER", "AERELLD", "AEREL", "AERELGR", "AEOUT", "visit", "row_key",
)  # fmt: skip
IS_CODED = pl.col("AEPTCD").fill_null("").ne("") & pl.col("AEBDSYCD").fill_null("").ne("")
"""Whether it has a preferred term in a class: an invented dictionary may have none."""


def adverse_event_counts(data: Datasets) -> dict[str, Any]:
    """The size of SAF, and rows with `kind`, `code`, `text`, the worst event of each subject, and who had an
    event of each aspect; how many events are coded by which `dictionaries`, and how many are `uncoded`.

    The rows are sorted by the number of subjects, the most first, then by name.
    """
    treated = Set.SAF.of(data)
    emergent = data.adae.lazy().filter("TRTEMFL").select(_COUNTED)
    events = _told(emergent.collect().join(treated.select("SUBJID"), on="SUBJID", how="semi"))
    coded = events.filter(IS_CODED)
    return {
        "size": treated.height,
        "rows": list(_rows(events, coded)),
        "dictionaries": _dictionaries(coded),
        "uncoded": events.height - coded.height,
    }


def _told(events: pl.DataFrame) -> pl.DataFrame:
    """What is counted of events, the words of each on one line."""
    words = pl.col("AETERM").fill_null("").str.replace_all(r"\s+", " ").str.strip_chars()
    return events.with_columns(
        words=words,
        term=pl.coalesce(pl.col("AETOX").replace("", None), pl.lit("other")),
        category=pl.col("AESCAT").fill_null(""),
        **{aspect: holds.fill_null(value=False) for aspect, holds in ASPECTS.items()},
    ).drop("AETERM", "AETOX", "AESCAT", "AESER", "AERELLD", "AEREL", "AERELGR", "AEOUT")


def _dictionaries(coded: pl.DataFrame) -> list[dict[str, Any]]:
    counted = coded.group_by(name="AEDICT", version="AEDICTV").agg(events=pl.len())
    return counted.sort("name", "version").to_dicts()


def _rows(events: pl.DataFrame, coded: pl.DataFrame) -> Iterator[dict[str, Any]]:
    yield _row(EVERY, events)
    for code, some in _grouped(coded, "AEBDSYCD"):
        yield _row(CLASS, some, code=code, text=some["AEBODSYS"][0])
        for term, same in _grouped(some, "AEPTCD"):
            yield _row(PREFERRED, same, code=term, text=same["AEDECOD"][0])
    uncoded = events.filter(~IS_CODED)
    if coded.height and uncoded.height:
        yield _row(UNCODED, uncoded)
    yield from _by_category(uncoded)


def _by_category(events: pl.DataFrame) -> Iterator[dict[str, Any]]:
    for category, some in _grouped(events, "category"):
        yield _row(CATEGORY, some, code=category)
        for (_, code), same in _groups(_named(some), "name", "code"):
            yield _row(TERM, same, code=code, text="" if code else str(same["words"].min()))


def _named(events: pl.DataFrame) -> pl.DataFrame:
    """With the name of each event, and its code if it has one that says more than "other"; else its name is
    its words, whatever their capitals."""
    is_other = pl.col("term").str.split("_").list.last() == "other"
    folded = pl.Series([words.casefold() for words in events["words"]], dtype=pl.String)
    return events.with_columns(
        name=pl.when(is_other).then(folded).otherwise("term"),
        code=pl.when(is_other).then(pl.lit("")).otherwise("term"),
    )


def _grouped(events: pl.DataFrame, key: str) -> Iterator[tuple[str, pl.DataFrame]]:
    for (name,), some in _groups(events, key):
        yield name, some


def _groups(events: pl.DataFrame, *keys: str) -> Iterator[tuple[tuple[str, ...], pl.DataFrame]]:
    """The groups of events, those of the most subjects first, then by name."""
    sizes = events.group_by(keys).agg(n=pl.col("SUBJID").n_unique())
    order = sizes.sort("n", *keys, descending=[True, *[False] * len(keys)])
    for names in order.select(keys).iter_rows():
        conditions = (pl.col(key) == name for key, name in zip(keys, names, strict=True))
        yield names, events.filter(*conditions)


def _row(kind: str, events: pl.DataFrame, *, code: str = "", text: str = "") -> dict[str, Any]:
    """`aspects`: who had such an event, whether or not it was the worst of theirs."""
    return {
        "kind": kind,
        "code": code,
        "text": text,
        "worst": Lines(_worst(events)),
        "aspects": {aspect: by_code(events.filter(aspect)) for aspect in ASPECTS},
    }


def _worst(events: pl.DataFrame) -> pl.DataFrame:
    """The event of the worst grade of each subject, the first of several; one of unknown grade only if there
    is no other."""
    told = events.select("AESEQ", subject="SUBJID", grade="AETOXGR", visit="visit", row_key="row_key")
    order = told.sort("subject", pl.col("grade").fill_null(0), "AESEQ", descending=[False, True, False])
    return order.unique("subject", keep="first", maintain_order=True).drop("AESEQ")
