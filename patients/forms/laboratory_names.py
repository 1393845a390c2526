"""What laboratories call the tests and units of the catalogue: one table for each, in both languages.

Written names are compared without case, width, spaces and punctuation: `ＷＢＣ`, `wbc` and `W.B.C` are one. A
name that several tests share is ambiguous: whoever enters it chooses. LOINC codes are those of loinc.org
for the quantity in blood, serum or plasma; units follow UCUM where they have a code there.
"""

import re
import unicodedata
from functools import cache, lru_cache

from django.utils import translation

from patients.forms.laboratory_catalogue import BY_CODE, TESTS, LabTest

NAMES: dict[str, str] = {
    "NEUT": "ANC, NEU, neutrophil, neutrophil count, absolute neutrophil count, granulocytes neutrophil,"
    " 中性粒细胞, 中性粒细胞绝对值, 中性粒细胞计数, 中性粒细胞数, 中性细胞绝对值, 751-8, 26499-4",
    "WBC": "leucocytes, white blood cells, white cell count, white blood cell count, leukocyte count,"
    " 白细胞, 白细胞计数, 白细胞数, 白细胞总数, 6690-2, 26464-8",
    "LYM": "LYMPH, LY, ALC, lymphocyte, lymphocyte count, absolute lymphocyte count,"
    " 淋巴细胞, 淋巴细胞绝对值, 淋巴细胞计数, 淋巴细胞数, 731-0, 26474-7",
    "MONO": "MON, monocyte, monocyte count, 单核细胞, 单核细胞绝对值, 单核细胞计数, 742-7, 26484-6",
    "BLASTLE": "blasts, peripheral blasts, 原始细胞, 外周血原始细胞, 幼稚细胞",
    "HGB": "HB, hemoglobin, 血红蛋白, 血红蛋白浓度, 血色素, 718-7",
    "PLAT": "PLT, platelet, platelet count, thrombocytes, 血小板, 血小板计数, 血小板数, 777-3, 26515-7",
    "RETI": "RET, reticulocyte, reticulocyte count, 网织红细胞, 网织红细胞绝对值, 网织红细胞计数",
    "ALT": "GPT, SGPT, alanine aminotransferase, alanine transaminase,"
    " 谷丙转氨酶, 丙氨酸氨基转移酶, 丙氨酸转氨酶, 1742-6",
    "AST": "GOT, SGOT, aspartate aminotransferase, aspartate transaminase,"
    " 谷草转氨酶, 天门冬氨酸氨基转移酶, 天冬氨酸氨基转移酶, 1920-8",
    "ALP": "AKP, 碱性磷酸酶, 6768-6",
    "GGT": "γ-GT, gamma-GT, 谷氨酰转肽酶, γ-谷氨酰转肽酶, γ-谷氨酰转移酶, 谷氨酰转移酶, 2324-2",
    "BILI": "TBIL, T-BIL, TBILI, total bilirubin, bilirubin, 总胆红素, 胆红素, 14631-6, 1975-2",
    "BILDIR": "DBIL, D-BIL, DBILI, direct bilirubin, conjugated bilirubin, bilirubin,"
    " 直接胆红素, 结合胆红素, 胆红素, 14629-0, 1968-7",
    "CREAT": "CREA, CR, SCR, serum creatinine, 肌酐, 血肌酐, 14682-9, 2160-0",
    "UREA": "BUN, urea nitrogen, blood urea nitrogen, 尿素, 尿素氮, 血尿素氮, 22664-7, 3094-0",
    "LDH": "LD, lactate dehydrogenase, 乳酸脱氢酶, 2532-0, 14804-9",
    "URATE": "UA, uric acid, 尿酸, 血尿酸, 14933-6, 3084-1",
    "ALB": "白蛋白, 血清白蛋白, 1751-7",
    "SODIUM": "NA, NA+, 钠, 血钠, 钠离子, 2951-2",
    "K": "K+, POTASSIUM, 钾, 血钾, 钾离子, 2823-3",
    "CA": "CA2+, total calcium, 钙, 血钙, 总钙, 2000-8, 17861-6",
    "PHOS": "P, PHOSPHORUS, inorganic phosphate, 磷, 血磷, 无机磷, 14879-1, 2777-1",
    "MG": "MG2+, 镁, 血镁, 2601-3, 19123-9",
    "GLUC": "GLU, blood glucose, 葡萄糖, 血糖, 空腹血糖, 14749-6, 2345-7",
    "TRIG": "TG, triglyceride, 甘油三酯, 三酰甘油, 14927-8, 2571-8",
    "FIBRINO": "FIB, FBG, 纤维蛋白原, 3255-7",
    "INR": "PT-INR, international normalized ratio, 国际标准化比值, 6301-6",
    "APTT": "PTT, activated partial thromboplastin time, 活化部分凝血活酶时间, 14979-9, 3173-2",
    "DDIMER": "DD, D-D, D-DI, D-二聚体, D二聚体, 48065-7",
    "CRP": "hs-CRP, hsCRP, C反应蛋白, C-反应蛋白, 超敏C反应蛋白, 1988-5",
    "FERRITIN": "FER, SF, FERR, serum ferritin, 铁蛋白, 血清铁蛋白, 2276-4",
    "INTLK6": "IL-6, IL6, 白介素6, 白细胞介素6, 白介素-6, 26881-3",
    "IFNG": "IFN-γ, IFN-gamma, IFNγ, γ干扰素, 干扰素γ",
    "INTLK10": "IL-10, IL10, 白介素10, 白细胞介素10",
    "IL2RA": "sIL-2R, sCD25, IL-2R, CD25, 可溶性白介素2受体, 白介素2受体",
    "PCT": "降钙素原, 33959-8",
    "HAPTOG": "HP, HPT, 结合珠蛋白, 触珠蛋白, 4542-7",
    "SCHISTO": "schistocyte, fragmented red cells, 破碎红细胞, 红细胞碎片",
    "C5B9S": "sC5b-9, C5b-9, 可溶性C5b-9, 膜攻击复合物",
    "IGG": "免疫球蛋白G, 2465-3",
    "CMVDNA": "CMV, CMV-DNA, cytomegalovirus DNA, 巨细胞病毒DNA, 巨细胞病毒核酸",
    "EBVDNA": "EBV, EBV-DNA, Epstein-Barr virus DNA, EB病毒DNA, EB病毒核酸",
    "HHV6DNA": "HHV6, HHV-6, HHV-6 DNA, 人疱疹病毒6型DNA, 人疱疹病毒6型核酸",
    "ADVDNA": "ADV, ADV-DNA, 腺病毒DNA, 腺病毒核酸",
    "BKVDNA": "BKV, BKV-DNA, BK病毒DNA, BK病毒核酸",
    "HBVDNA": "HBV-DNA, hepatitis B virus DNA, 乙肝病毒DNA, 乙型肝炎病毒DNA, 乙肝病毒核酸",
    "HCG": "β-HCG, B-HCG, 绒毛膜促性腺激素, 人绒毛膜促性腺激素",
}

UNITS: dict[str, tuple[str, ...]] = {
    "10^9/l": ("10^9/L",),
    "10^3/ul": ("10^9/L",),
    "10^3/mm3": ("10^9/L",),
    "k/ul": ("10^9/L",),
    "/nl": ("10^9/L",),
    "g/l": ("g/L", "10^9/L"),
    "g/ml": (),
    "mg/ml": ("g/L",),
    "/ul": ("/uL",),
    "/mm3": ("/uL",),
    "10^6/l": ("/uL",),
    "cells/ul": ("/uL",),
    "个/ul": ("/uL",),
    "g/dl": ("g/dL",),
    "mg/dl": ("mg/dL",),
    "u/l": ("U/L",),
    "iu/l": ("IU/L", "U/L"),
    "miu/ml": ("IU/L",),
    "ukat/l": ("ukat/L",),
    "umol/l": ("umol/L",),
    "mmol/l": ("mmol/L",),
    "mg/l": ("mg/L",),
    "mg/lfeu": ("mg/L FEU",),
    "ug/mlfeu": ("mg/L FEU",),
    "ug/ml": ("mg/L",),
    "ug/l": ("ug/L", "ng/mL"),
    "ng/ml": ("ng/mL", "ug/L"),
    "ng/l": ("ng/L", "pg/mL"),
    "pg/ml": ("pg/mL", "ng/L"),
    "iu/ml": ("IU/mL",),
    "copies/ml": ("copies/mL",),
    "copy/ml": ("copies/mL",),
    "拷贝/ml": ("copies/mL",),
    "%": ("%",),
    "s": ("s",),
    "sec": ("s",),
    "秒": ("s",),
    "ratio": ("ratio",),
    "": ("ratio",),
}
"""How a unit is written, in small letters and without spaces, and the units of the catalogue that it may
stand for: the first of these that the test has. A number is the same in all; nothing is converted here."""

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_POWER = re.compile(r"^[x×*·]?10(?:\^|\*{1,2}|e|~)?(\d{1,2})/")
_PERCENT = ("%", "百分", "percent")


@lru_cache(maxsize=5_000)
def catalogue_tests(written: str) -> tuple[LabTest, ...]:
    """The tests of the catalogue that a name may stand for; one with brackets may say it twice. What speaks
    of a percentage is no test that is counted."""
    plain = unicodedata.normalize("NFKC", written)
    known = _by_name()
    codes = known.get(_key(plain)) or tuple(
        dict.fromkeys(code for part in re.split(r"[()\[\]]", plain) for code in known.get(_key(part), ()))
    )
    tests = tuple(BY_CODE[code] for code in codes)
    if any(sign in plain.casefold() for sign in _PERCENT):
        return tuple(test for test in tests if test.si_unit == "%")
    return tests


def unit_called(written: str, test: LabTest) -> str | None:
    """The unit of a test that was written so; None where it is none of this test, or could be several."""
    if written.strip() in test.units():
        return written.strip()
    return next((unit for unit in UNITS.get(_unit_key(written), ()) if unit in test.units()), None)


@cache
def _by_name() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    with translation.override("en"):
        for test in TESTS:
            for name in (test.code, test.nci, str(test.name), *NAMES.get(test.code, "").split(",")):
                if (key := _key(name)) and test.code not in found.setdefault(key, []):
                    found[key].append(test.code)
    return {key: tuple(codes) for key, codes in found.items()}


def _key(name: str) -> str:
    """Letters and digits alone, with what tells a share from a count."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in plain if sign.isalnum() or sign == "%")


@lru_cache(maxsize=5_000)
def _unit_key(written: str) -> str:
    raised = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: "^" + found[0].translate(_SUPERSCRIPTS), written)
    plain = unicodedata.normalize("NFKC", raised).casefold().replace("μ", "u").replace("升", "l")
    plain = re.sub(r"[\s()]", "", plain)
    return _POWER.sub(r"10^\1/", plain).replace("mm^3", "mm3")
