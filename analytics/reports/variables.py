"""Which variables of the datasets a figure is made of: what its trace shows."""

from collections.abc import Sequence

_ENROLMENT = ("ENRLDT",)
_INFUSION = ("TRTSDT",)
_GRAFT = ("TRTSDT", "TR02SDT")
# The first prefix that fits a figure's id names its variables, beside those of its set.
_BY_PREFIX: tuple[tuple[str, Sequence[str]], ...] = (
    ("enrolled", _ENROLMENT),
    ("saf_n", _INFUSION),
    ("fu_ge_3m_potential", _INFUSION),
    ("fu_reverse", ("FUREV", *_INFUSION)),
    ("fu_", ("OS", *_INFUSION)),
    ("age_", _ENROLMENT),
    ("male", ("SEX",)),
    ("dx_", ("DXTYPE",)),
    ("prior_lines", ("PRLINES",)),
    ("prior_allo", ("PRALLO",)),
    ("prior_cll1", ("PRCLL1",)),
    ("src_", ("DONCLASS", "PRALLO")),
    ("donor_", ("DONGRP",)),
    ("mfg_", ("MFGFL",)),
    ("cri_", ("CRIMRDDT", *_GRAFT)),
    ("hsct_", _GRAFT),
    ("dose_", ("DOSEFL",)),
    ("no_conditioning", ("NOCONDFL",)),
    ("no_prophylaxis", ("NOPROPFL",)),
    ("crs_", ("CRSMAX",)),
    ("cytopenia", ("CYTMAX",)),
    ("agvhd_resolved", ("AGONDT", "AGRESDT")),
    ("agvhd_cif_3m_relapse", ("AGV14R", "TR02SDT")),
    ("agvhd_cif", ("AGV14", "TR02SDT")),
    ("agvhd24", ("AGV24", "TR02SDT")),
    ("agvhd34", ("AGV34", "TR02SDT")),
    ("agvhd", ("AGMAX", "AGONDT")),
    ("chimerism", ("CHIM1PCT", "TR02SDT", "RLPDT")),
    ("cgvhd", ("CGONDT", "TR02SDT", "OS")),
    ("alive", ("DTHDT", "LSTALVDT")),
    ("disease_free", ("DTHDT", "RLPDT", "REMDT", "LSTALVDT")),
    ("deaths", ("DTHDT", "DTHCAUS")),
    ("relapse_cif", ("PFS", *_INFUSION)),
    ("relapse", ("RLPDT", "RLPTYPE", "RLPCD7", *_INFUSION)),
    ("cd7neg", ("RLPDT", "RLPCD7")),
    ("nrm", ("PFS", *_INFUSION)),
    ("os_", ("OS", *_INFUSION)),
    ("pfs_", ("PFS", *_INFUSION)),
)


def variables_of(figure: str) -> Sequence[str]:
    """The variables of ADSL and parameters of ADTTE that a figure is made of. Raises KeyError."""
    for prefix, variables in _BY_PREFIX:
        if figure.startswith(prefix):
            return variables
    raise KeyError(figure)
