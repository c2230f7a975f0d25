"""A program on the client that openapi-python-client makes from the OpenAPI document. It prints what each step gave.

python program.py URL PHOTO KEY
"""

import json
import sys
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Callable, Union, cast

from genwarden_client import Client
from genwarden_client.api.artifacts import download_artifact, upload_reference
from genwarden_client.api.jobs import explain_job, get_job, list_jobs, submit_job
from genwarden_client.models import (
    Input,
    Job,
    Kind,
    Problem,
    SubmitRequest,
    SubmitRequestLabels,
    TaskRequest,
)
from genwarden_client.types import File, Unset

url, photo, key = sys.argv[1:4]
client = Client(base_url=url, timeout=60)
state: dict[str, Job] = {}


def step(name: str, run: Callable[[], object]) -> None:
    try:
        result = run()
    except Exception as error:  # The test compares what the client says.
        result = f"{type(error).__name__}: {error}"
    print(json.dumps({"step": name, "result": result}), flush=True)


def problem(answer: Union[Problem, None]) -> object:
    return f"{answer.status} {answer.code.value}" if isinstance(answer, Problem) else None


def upload() -> object:
    body = File(payload=BytesIO(Path(photo).read_bytes()))
    answer = upload_reference.sync(client=client, body=body)
    return problem(answer) if isinstance(answer, Problem) or answer is None else answer.bytes_


def submit() -> object:
    body = SubmitRequest(
        kind=Kind.IMAGE,
        input_=Input(prompt="a front yard"),
        tasks=[TaskRequest(name="front-yard")],
        labels=SubmitRequestLabels.from_dict({"by": key}),
    )
    answer = submit_job.sync_detailed(client=client, body=body, idempotency_key=key)
    if isinstance(answer.parsed, Problem) or answer.parsed is None:
        return problem(answer.parsed)
    return [answer.status_code.value, len(answer.parsed.warnings)]


def wait() -> object:
    """The id is that of the newest job, because a submit whose answer is not understood has stored its job."""
    found = client.get_httpx_client().get("/v1/jobs", params={"label": f"by={key}"}).json()
    identity = cast(str, found["items"][0]["id"])
    while True:
        job = get_job.sync(identity, client=client, wait="30s", tasks=True)
        if isinstance(job, Problem) or job is None:
            return problem(job)
        if job.finished_at is not None:
            state["job"] = job
            return job.state.value


def listed() -> object:
    page = list_jobs.sync(client=client, label=[f"by={key}"], limit=10)
    if isinstance(page, Problem) or page is None:
        return problem(page)
    return [each.id == state["job"].id for each in page.items]


def download() -> object:
    job = state["job"]
    tasks = [] if isinstance(job.tasks, Unset) else job.tasks
    image = next(each for each in tasks[0].artifacts if each.name == "image")
    answer = download_artifact.sync_detailed(job.id, "front-yard", "image", client=client, run=1)
    digest = sha256(answer.content).hexdigest()
    return [answer.headers["content-type"], f"sha256:{digest}" == image.digest]


def explain() -> object:
    answer = explain_job.sync(state["job"].id, client=client)
    return problem(answer) if isinstance(answer, Problem) or answer is None else answer.tasks[0].cause.value


def missing() -> object:
    return problem(cast(Union[Problem, None], get_job.sync("none", client=client)))


step("upload", upload)
step("submit", submit)
step("wait", wait)
step("list", listed)
step("download", download)
step("explain", explain)
step("missing", missing)
