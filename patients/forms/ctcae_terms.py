"""Terms of the Common Terminology Criteria for Adverse Events 5.0 (NCI, 2017) that a trial of CAR-T cells and
transplantation meets, by system organ class; any other is written under "other" with its own words.

Each term is a term of MedDRA, so that two events of one term are events of one kind.
"""

from django.utils.translation import gettext_lazy as _

from patients.items.codelists import CodeList, choices

OTHER = "other"

_CYTOPENIA = choices(
    "",
    _("Neutrophil count decreased"),
    _("Platelet count decreased"),
    _("Anemia"),
    _("Lymphocyte count decreased"),
    _("White blood cell decreased"),
    _("CD4 lymphocytes decreased"),
    _("Bone marrow hypocellular"),
    _("Febrile neutropenia"),
)
_BLOOD = choices(
    "",
    _("Disseminated intravascular coagulation"),
    _("Hemolysis"),
    _("Hemolytic uremic syndrome"),
    _("Leukocytosis"),
    _("Lymphocyte count increased"),
    _("Thrombotic thrombocytopenic purpura"),
    _("Blood and lymphatic system disorders - Other"),
)
_IMMUNE = choices(
    "",
    _("Cytokine release syndrome"),
    _("Allergic reaction"),
    _("Anaphylaxis"),
    _("Immune system disorders - Other"),
)
_INFECTION = choices(
    "",
    _("Sepsis"),
    _("Bacteremia"),
    _("Fungemia"),
    _("Viremia"),
    _("Lung infection"),
    _("Upper respiratory infection"),
    _("Sinusitis"),
    _("Meningitis"),
    _("Encephalitis infection"),
    _("Enterocolitis infectious"),
    _("Anorectal infection"),
    _("Abdominal infection"),
    _("Catheter related infection"),
    _("Urinary tract infection"),
    _("Skin infection"),
    _("Mucosal infection"),
    _("Thrush"),
    _("Cytomegalovirus infection reactivation"),
    _("Epstein-Barr virus infection reactivation"),
    _("Hepatitis B reactivation"),
    _("Herpes simplex reactivation"),
    _("Shingles"),
    _("Infections and infestations - Other"),
)
_INVESTIGATION = choices(
    "",
    _("Alanine aminotransferase increased"),
    _("Aspartate aminotransferase increased"),
    _("Alkaline phosphatase increased"),
    _("GGT increased"),
    _("Blood bilirubin increased"),
    _("Creatinine increased"),
    _("Blood lactate dehydrogenase increased"),
    _("Cardiac troponin I increased"),
    _("Lipase increased"),
    _("Fibrinogen decreased"),
    _("INR increased"),
    _("Activated partial thromboplastin time prolonged"),
    _("Investigations - Other"),
)
_ELECTROLYTE = choices(
    "",
    _("Hypercalcemia"),
    _("Hypocalcemia"),
    _("Hyperkalemia"),
    _("Hypokalemia"),
    _("Hypermagnesemia"),
    _("Hypomagnesemia"),
    _("Hypernatremia"),
    _("Hyponatremia"),
    _("Hypophosphatemia"),
    _("Hyperglycemia"),
    _("Hypoglycemia"),
    _("Hypertriglyceridemia"),
    _("Hyperuricemia"),
    _("Hypoalbuminemia"),
)
_CLINICAL = choices(
    "",
    # metabolism
    _("Acidosis"),
    _("Anorexia"),
    _("Iron overload"),
    _("Tumor lysis syndrome"),
    _("Weight loss"),
    # general
    _("Fever"),
    _("Chills"),
    _("Fatigue"),
    _("Generalized edema"),
    _("Multi-organ failure"),
    _("Infusion related reaction"),
    _("General disorders and administration site conditions - Other"),
    # heart and vessels
    _("Atrial fibrillation"),
    _("Ventricular arrhythmia"),
    _("Heart failure"),
    _("Left ventricular systolic dysfunction"),
    _("Myocarditis"),
    _("Pericardial effusion"),
    _("Cardiac arrest"),
    _("Electrocardiogram QT corrected interval prolonged"),
    _("Cardiac disorders - Other"),
    _("Hypotension"),
    _("Hypertension"),
    _("Capillary leak syndrome"),
    _("Thromboembolic event"),
    _("Vascular disorders - Other"),
    # lung
    _("Hypoxia"),
    _("Dyspnea"),
    _("Cough"),
    _("Epistaxis"),
    _("Pleural effusion"),
    _("Pulmonary edema"),
    _("Pneumonitis"),
    _("Bronchopulmonary hemorrhage"),
    _("Adult respiratory distress syndrome"),
    _("Respiratory failure"),
    _("Respiratory, thoracic and mediastinal disorders - Other"),
    # stomach, gut and liver
    _("Nausea"),
    _("Vomiting"),
    _("Diarrhea"),
    _("Abdominal pain"),
    _("Mucositis oral"),
    _("Colitis"),
    _("Typhlitis"),
    _("Ileus"),
    _("Pancreatitis"),
    _("Ascites"),
    _("Upper gastrointestinal hemorrhage"),
    _("Lower gastrointestinal hemorrhage"),
    _("Gastrointestinal disorders - Other"),
    _("Hepatic failure"),
    _("Sinusoidal obstruction syndrome"),
    _("Hepatobiliary disorders - Other"),
    # nerves and mind
    _("Encephalopathy"),
    _("Headache"),
    _("Seizure"),
    _("Tremor"),
    _("Dysphasia"),
    _("Somnolence"),
    _("Depressed level of consciousness"),
    _("Cognitive disturbance"),
    _("Edema cerebral"),
    _("Intracranial hemorrhage"),
    _("Reversible posterior leukoencephalopathy syndrome"),
    _("Peripheral motor neuropathy"),
    _("Peripheral sensory neuropathy"),
    _("Stroke"),
    _("Nervous system disorders - Other"),
    _("Confusion"),
    _("Delirium"),
    _("Agitation"),
    _("Hallucinations"),
    # kidney
    _("Acute kidney injury"),
    _("Proteinuria"),
    _("Hematuria"),
    _("Cystitis noninfective"),
    _("Renal and urinary disorders - Other"),
    # skin, muscles and joints, eyes
    _("Rash maculo-papular"),
    _("Erythroderma"),
    _("Pruritus"),
    _("Stevens-Johnson syndrome"),
    _("Toxic epidermal necrolysis"),
    _("Skin and subcutaneous tissue disorders - Other"),
    _("Arthralgia"),
    _("Myalgia"),
    _("Generalized muscle weakness"),
    _("Musculoskeletal and connective tissue disorder - Other"),
    _("Dry eye"),
    # glands and second malignancies
    _("Adrenal insufficiency"),
    _("Myelodysplastic syndrome"),
    _("Leukemia secondary to oncology chemotherapy"),
    _("Treatment related secondary malignancy"),
    _("Other"),
)

CTCAE_TERMS = CodeList(
    "ctcae_term",
    tuple(
        code
        for group in (_CYTOPENIA, _BLOOD, _IMMUNE, _INFECTION, _INVESTIGATION, _ELECTROLYTE, _CLINICAL)
        for code in group.codes
    ),
)
CYTOPENIAS = frozenset(_CYTOPENIA.labels)
SECOND_MALIGNANCIES = frozenset(
    {
        "myelodysplastic_syndrome",
        "leukemia_secondary_to_oncology_chemotherapy",
        "treatment_related_secondary_malignancy",
    }
)
INFECTIONS = frozenset(_INFECTION.labels)
LABORATORY = frozenset(_INVESTIGATION.labels) | frozenset(_ELECTROLYTE.labels)
"""Values that say nothing of symptoms."""

TERMS_OF_TEST: dict[str, frozenset[str]] = {
    "NEUT": frozenset({"neutrophil_count_decreased", "febrile_neutropenia"}),
    "PLAT": frozenset({"platelet_count_decreased"}),
    "HGB": frozenset({"anemia"}),
    "LYM": frozenset({"lymphocyte_count_decreased", "lymphocyte_count_increased"}),
    "WBC": frozenset(  # leukocytes are the sum of their lineages
        {
            "white_blood_cell_decreased",
            "leukocytosis",
            "neutrophil_count_decreased",
            "lymphocyte_count_decreased",
        }
    ),
    "ALT": frozenset({"alanine_aminotransferase_increased"}),
    "AST": frozenset({"aspartate_aminotransferase_increased"}),
    "ALP": frozenset({"alkaline_phosphatase_increased"}),
    "GGT": frozenset({"ggt_increased"}),
    "BILI": frozenset({"blood_bilirubin_increased"}),
    "CREAT": frozenset({"creatinine_increased", "acute_kidney_injury"}),
    "LDH": frozenset({"blood_lactate_dehydrogenase_increased"}),
    "ALB": frozenset({"hypoalbuminemia"}),
    "SODIUM": frozenset({"hypernatremia", "hyponatremia"}),
    "K": frozenset({"hyperkalemia", "hypokalemia"}),
    "CA": frozenset({"hypercalcemia", "hypocalcemia"}),
    "MG": frozenset({"hypermagnesemia", "hypomagnesemia"}),
    "TRIG": frozenset({"hypertriglyceridemia"}),
    "FIBRINO": frozenset({"fibrinogen_decreased"}),
    "INR": frozenset({"inr_increased"}),
    "APTT": frozenset({"activated_partial_thromboplastin_time_prolonged"}),
}
"""Under which terms an abnormal result of a test (LBTESTCD) is reported, for the tests that CTCAE grades."""
