"""Donor chimerism: full, mixed or absent."""

from decimal import Decimal

from patients.grading.result import Graded

VERSION = "chimerism 1"

# CIBMTR manual: full means 95 % or more. ASTCT 2021 asks for more than 95 %: at exactly 95.0 % they differ.
FULL_DONOR_FROM_PCT = Decimal("95")
# Below this no donor haematopoiesis is left (from memory).
MIXED_FROM_PCT = Decimal("5")


def chimerism_class(donor_pct: Decimal | None, full_from: Decimal = FULL_DONOR_FROM_PCT) -> Graded:
    """Full from `full_from` % donor cells up, mixed from 5 % up, absent below; nothing without a result."""
    if donor_pct is None:
        return Graded(None, "CHM-EMPTY", VERSION)
    if donor_pct >= full_from:
        return _graded("full")
    return _graded("mixed" if donor_pct >= MIXED_FROM_PCT else "absent")


def _graded(value: str) -> Graded:
    return Graded(value, f"CHM-{value.upper()}", VERSION, ("donor_pct",))
