"""What somebody who marks a review as done is shown."""

from dataclasses import dataclass

from django.urls import reverse

from patients.casebook.page import Subject
from patients.oversight.review import Stretch
from patients.web.trail_filters import REVIEW


@dataclass(frozen=True, slots=True)
class ReviewScreen:
    """The stretch that is marked: how many acts, up to which. `has_moved`: acts came in meanwhile."""

    stretch: Stretch
    subject: Subject | None
    has_moved: bool = False

    @property
    def place(self) -> str:
        return self.stretch.subject or self.stretch.site

    @property
    def trail_url(self) -> str:
        """Where these acts are read."""
        if self.subject:
            return f"{reverse('trail', args=[self.subject.code])}?since={REVIEW}"
        return f"{reverse('trail-of-sites')}?site={self.stretch.site}&since={REVIEW}"
