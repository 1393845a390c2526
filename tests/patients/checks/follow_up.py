"""Follow-up, death, end, system."""

from tests.patients.checks.casebook import Case, Row, row

INFUSED = row("INF", "C0", inf_start_dt="2024-01-05 13:40")
CONTACT = row("FU", "HM1", fu_dt="2024-02-24", fu_status="ALIVE", fu_second_ca="no")
DIED = row("DTH", "ENDv", dth_dt="2024-03-20", dth_primary="infection")
ENDED = row("EOS", "ENDv", eos_dt="2024-03-20", eos_reason="death")
CHIMERISM = row("CHIM", "HM1", "w", chim_dt="2024-02-24")
RELAPSE = row("RLP", "RLPv1", rlp_dt="2024-03-01", rlp_type="morphological_relapse")
MALIGNANCY = row("AE", "", "1", ae_special="second_malignancy", ae_serious="Y")

CASES = (
    Case("X-FU-01", (CONTACT.but(fu_status="DEAD"),), (CONTACT.but(fu_status="DEAD"), DIED)),
    Case(
        "X-FU-01",
        (CONTACT.but(fu_dt="2024-03-21"), DIED),
        (CONTACT.but(fu_dt="2024-03-20"), DIED),
        note="alive after death",
    ),
    Case("X-FU-02", (CONTACT, CHIMERISM.but(chim_dt="2024-02-25")), (CONTACT, CHIMERISM)),
    Case(
        "X-FU-02",
        (CONTACT, CHIMERISM.but(chim_dt="2024-02-25")),
        (CONTACT, Row("CHIM", CHIMERISM.answers, "HM2", "w").but(chim_dt="2024-03-25")),
        note="of a later visit",
    ),
    Case(
        "X-FU-02",
        (CONTACT, RELAPSE, ENDED),
        (CONTACT.but(fu_dt="2024-03-01"), RELAPSE, ENDED),
        note="after the end",
    ),
    Case(
        "X-FU-02",
        (CONTACT, CHIMERISM.but(chim_dt="2024-02-25")),
        (
            CONTACT,
            CHIMERISM.but(chim_dt="2024-02-25"),
            Row("FU", CONTACT.answers, "HM2").but(fu_dt="2024-03-25"),
        ),
        note="last contact",
    ),
    Case("X-FU-03", (INFUSED, CONTACT), (INFUSED, CONTACT.but(fu_dt="2024-02-25")), today="2024-05-25"),
    Case(
        "X-FU-03",
        (INFUSED, CONTACT.but(fu_dt="2025-01-04")),
        (INFUSED, CONTACT.but(fu_dt="2025-01-05")),
        today="2025-07-04",
        note="after the first year",
    ),
    Case("X-FU-03", (INFUSED, CONTACT), (INFUSED, CONTACT, DIED), today="2024-05-25", note="alive"),
    Case(
        "X-FU-04",
        (CONTACT.but(fu_second_ca="yes_other"), MALIGNANCY.but(ae_serious="N")),
        (CONTACT.but(fu_second_ca="yes_other"), MALIGNANCY),
    ),
    Case("X-DTH-01", (DIED, RELAPSE.but(rlp_dt="2024-03-21")), (DIED, RELAPSE.but(rlp_dt="2024-03-20"))),
    Case(
        "X-DTH-01",
        (DIED, CONTACT.but(fu_dt="2024-03-21")),
        (DIED, CONTACT.but(fu_dt="2024-03-21", fu_status="DEAD")),
        note="contact",
    ),
    Case(
        "X-DTH-01",
        (DIED, row("LAB", "UNS1", "NEUT", lab_dt="2024-03-21 00:00")),
        (DIED, row("LAB", "UNS1", "NEUT", lab_dt="2024-03-20 23:59")),
        note="sample",
    ),
    Case("X-DTH-02", (DIED.but(dth_primary="relapse_progression"),), (DIED,)),
    Case(
        "X-DTH-02",
        (DIED.but(dth_primary="relapse_progression"), RELAPSE.but(rlp_type="mrd_relapse")),
        (DIED.but(dth_primary="relapse_progression"), RELAPSE),
        note="a relapse that counts, as X-DTH-04 asks",
    ),
    Case("X-DTH-03", (DIED, ENDED.but(eos_dt="2024-03-21")), (DIED, ENDED), note="date"),
    Case("X-DTH-03", (DIED, ENDED.but(eos_reason="completed")), (DIED, ENDED), note="reason"),
    Case("X-DTH-03", (ENDED,), (DIED, ENDED), note="no death"),
    Case("X-SYS-01", (CONTACT.but(fu_dt="2025-08-06"),), (CONTACT.but(fu_dt="2025-08-05"),), note="date"),
    Case(
        "X-SYS-01",
        (INFUSED.but(inf_start_dt="2025-08-05 12:01"),),
        (INFUSED.but(inf_start_dt="2025-08-05 12:00"),),
        note="moment",
    ),
)
