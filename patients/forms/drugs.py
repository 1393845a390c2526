"""Names of the medicines that the edit checks look for, as a site writes them: INN, trade or short name, and
Chinese name. A medicine that is not named here is recorded as any other, and no check knows it.

Names are from memory (INN, Chinese Pharmacopoeia and common abbreviations); coding against WHODrug will take
their place.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache


class Group(StrEnum):
    """What a check asks of a medicine."""

    STEROID = "steroid"
    ANTIPYRETIC = "antipyretic"
    ANTI_CYTOKINE = "anti-cytokine"
    CONDITIONING = "conditioning"
    PROPHYLAXIS = "GVHD prophylaxis"
    ANTIVIRAL = "antiviral"


@dataclass(frozen=True, slots=True)
class Drug:
    """A medicine by its INN with its other names. `equivalent_mg`: as much of a glucocorticoid as has the
    effect of 5 mg prednisolone."""

    name: str
    group: Group
    others: tuple[str, ...] = ()
    equivalent_mg: Decimal | None = None


PREDNISOLONE_MG = Decimal(5)
"""Of which the equivalents of glucocorticoids are given: British National Formulary, "Glucocorticoid
therapy", equivalent anti-inflammatory doses (from memory)."""


def _steroid(name: str, equivalent_mg: str, *others: str) -> Drug:
    return Drug(name, Group.STEROID, others, Decimal(equivalent_mg))


def _group(group: Group, *drugs: tuple[str, ...]) -> tuple[Drug, ...]:
    return tuple(Drug(name, group, tuple(others)) for name, *others in drugs)


DRUGS: tuple[Drug, ...] = (
    _steroid("prednisolone", "5", "泼尼松龙", "强的松龙"),
    _steroid("prednisone", "5", "泼尼松", "强的松"),
    _steroid("methylprednisolone", "4", "甲泼尼龙", "甲基泼尼松龙", "甲基强的松龙", "甲强龙"),
    _steroid("hydrocortisone", "20", "氢化可的松"),
    _steroid("dexamethasone", "0.75", "地塞米松", "氟美松"),
    _steroid("betamethasone", "0.75", "倍他米松"),
    _steroid("triamcinolone", "4", "曲安西龙", "曲安奈德"),
    _steroid("deflazacort", "6", "地夫可特"),
    *_group(
        Group.ANTIPYRETIC,
        ("paracetamol", "acetaminophen", "对乙酰氨基酚", "扑热息痛"),
        ("ibuprofen", "布洛芬"),
        ("metamizole", "metamizol", "安乃近"),
        ("indometacin", "indomethacin", "吲哚美辛", "消炎痛"),
        ("naproxen", "萘普生"),
        ("diclofenac", "双氯芬酸"),
    ),
    *_group(
        Group.ANTI_CYTOKINE,
        ("tocilizumab", "托珠单抗", "雅美罗"),
        ("siltuximab", "司妥昔单抗"),
        ("anakinra", "阿那白滞素"),
        ("emapalumab", "依马利尤单抗"),
        ("ruxolitinib", "芦可替尼", "鲁索替尼"),
    ),
    *_group(
        Group.CONDITIONING,
        ("busulfan", "白消安"),
        ("melphalan", "美法仑", "马法兰"),
        ("thiotepa", "塞替派", "噻替哌"),
        ("treosulfan", "曲奥舒凡", "苏消安"),
        ("total body irradiation", "TBI", "全身照射", "全身放疗"),
    ),
    *_group(
        Group.PROPHYLAXIS,
        (
            "antithymocyte globulin", "anti-thymocyte globulin", "ATG", "thymoglobulin",
            "抗胸腺细胞球蛋白", "抗人T细胞免疫球蛋白", "抗人胸腺细胞免疫球蛋白", "即复宁",
        ),
        ("cyclophosphamide", "PTCy", "环磷酰胺"),
        ("ciclosporin", "cyclosporine", "cyclosporin", "CsA", "环孢素", "环孢菌素"),
        ("tacrolimus", "FK506", "他克莫司"),
        ("mycophenolate", "mycophenolate mofetil", "MMF", "吗替麦考酚酯", "霉酚酸酯", "骁悉"),
        ("methotrexate", "MTX", "甲氨蝶呤"),
    ),
    *_group(
        Group.ANTIVIRAL,
        ("ganciclovir", "更昔洛韦"),
        ("valganciclovir", "缬更昔洛韦"),
        ("foscarnet", "膦甲酸钠", "膦甲酸"),
        ("cidofovir", "西多福韦"),
        ("brincidofovir", "布林西多福韦"),
        ("letermovir", "来特莫韦"),
        ("maribavir", "马立巴韦"),
        ("aciclovir", "acyclovir", "阿昔洛韦"),
        ("valaciclovir", "valacyclovir", "伐昔洛韦"),
        ("ribavirin", "利巴韦林"),
        ("entecavir", "恩替卡韦"),
        ("tenofovir", "替诺福韦"),
        ("rituximab", "利妥昔单抗"),  # of EBV, which no antiviral reaches
    ),
)  # fmt: skip


@lru_cache(maxsize=4096)
def drug_named(text: str) -> Drug | None:
    """The medicine that a text names, with whatever salt, strength or form beside it; of several names that
    fit the longest, since 甲基泼尼松龙 also holds 泼尼松龙."""
    words = text.casefold()
    return next((drug for name, drug in _longest_first() if name.search(words)), None)


def prednisolone_mg(drug: Drug, mg: Decimal) -> Decimal | None:
    """A dose of a glucocorticoid as prednisolone; None for any other medicine."""
    return None if drug.equivalent_mg is None else mg * PREDNISOLONE_MG / drug.equivalent_mg


@cache
def _longest_first() -> list[tuple[re.Pattern[str], Drug]]:
    named = [(name.casefold(), drug) for drug in DRUGS for name in (drug.name, *drug.others)]
    named.sort(key=lambda pair: -len(pair[0]))
    return [(_as_word(name), drug) for name, drug in named]


def _as_word(name: str) -> re.Pattern[str]:
    """A Latin name stands apart from other Latin letters and digits, a Chinese one anywhere."""
    return re.compile(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])" if name.isascii() else re.escape(name))
