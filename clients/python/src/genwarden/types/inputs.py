"""The input of a task as its model gets it."""

from typing import Any, TypedDict

from .codes import Kind
from .submit import TaskImage


class InputReference(TypedDict):
    """A reference image of a task."""

    index: int
    artifact: str | None
    """The digest, with which another job can refer to the same image."""
    mediaType: str | None
    bytes: int | None
    """None also in jobs of earlier versions."""
    caption: str | None
    result: TaskImage | None
    """The artifact of another task that it is. Until that task has succeeded, `href` is None."""
    href: str | None
    """Where its bytes are; `reference` of the client gets them."""


class Tweak(TypedDict):
    """What tweaks have added to the prompt."""

    prompt: str
    """The prompt before the first tweak."""
    instructions: list[str]
    """The newest ten, oldest first."""


class ModelInput(TypedDict):
    """The input of a task in its current run."""

    job: str
    task: int
    """The task's index."""
    name: str | None
    run: int
    kind: Kind
    model: str
    prompt: str
    system: str | None
    schema: dict[str, Any] | None
    """The JSON Schema of the answer."""
    aspectRatio: str | None
    imageSize: str | None
    seed: float | None
    providerOptions: dict[str, Any] | None
    references: list[InputReference]
    after: list[str]
    """The tasks that this one waits for."""
    unresolved: list[str]
    """
    The templates that `prompt` and `system` still have, because the output of the other task is not known yet, lacks that part, or
    has more than 1 MiB.
    """
    tweak: Tweak | None
    metadata: Any
