"""``biometric-service subjects``: people as a whole, what was merged, and what was shared of them."""

from biometric_service.cli.administration import subjects
from biometric_service.cli.encounters import merge_subjects, unmerge_subject
from biometric_service.cli.sharing import list_disclosures_of_subject

__all__ = ["subjects"]

subjects.command("merge")(merge_subjects)
subjects.command("unmerge")(unmerge_subject)
subjects.command("disclosures")(list_disclosures_of_subject)
