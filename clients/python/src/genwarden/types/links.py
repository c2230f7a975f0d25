"""Signed links to a job."""

from typing import TypedDict


class ArtifactLink(TypedDict):
    task: int
    """The index of the task."""
    name: str | None
    """The name of the task."""
    artifact: str
    """The name of the artifact."""
    mediaType: str
    href: str


class JobLinks(TypedDict):
    """URLs that read one job without a token: secrets until they expire."""

    job: str
    """For `GET`: the job with its tasks, whose artifacts have signed addresses."""
    events: str
    """For an `EventSource`."""
    artifacts: list[ArtifactLink]
    """The artifacts that the job has now. Read the job by its link for later ones."""
    expiresAt: str
