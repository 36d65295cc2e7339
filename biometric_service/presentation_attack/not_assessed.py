"""No attack detection, said plainly: the default, because no passive detector that may be shipped is known to work.

Those that can be had either reject 2 to 10 % of real faces with an unmeasured detection rate, or half of them, and
there are no labelled attacks to measure on. A deployer with a detector and the figures for it (ISO/IEC 30107-3)
puts it in this place; its answer is advisory. Attended capture and a challenge need no weights.
"""

from biometric_service.vocabulary.quality import AttackAssessment
from biometric_service.vocabulary.samples import LocatedSample

NOT_ASSESSED = AttackAssessment(score=None, suspected=False, method="none")


class NotAssessed:
    """An attack detector that says of every sample that it was not assessed."""

    def assess(self, located: LocatedSample) -> AttackAssessment:  # noqa: ARG002
        """No score, nothing suspected, method ``none``."""
        return NOT_ASSESSED
