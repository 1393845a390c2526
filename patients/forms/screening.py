"""What the screening visit says to other forms."""

from decimal import Decimal

from patients.items.conditions import Answers

SCREENING = "SCR"


def weight_at_screening(answers: Answers) -> Decimal | None:
    """In kg, from the vital signs of the visit; None where it is not recorded."""
    weights = (row["vs_weight"] for row in answers.rows("VS") if row.visit == SCREENING)
    return next((weight for weight in weights if weight is not None), None)
