"""Every call against a real API."""

from __future__ import annotations

import uuid
from pathlib import Path

import httpx
import pytest
from genwarden import ApiError, Client, OutputError, WaitTimeout
from pydantic import BaseModel

from .conftest import URL, image, images

PHOTO = Path(__file__).resolve().parents[4] / "examples/front-yard.jpg"


def test_submit_watch_and_download(client: Client, tmp_path: Path) -> None:
    labels = {"test": uuid.uuid4().hex}
    submitted = client.submit(image(labels=labels, metadata={"area": 7}))
    assert (submitted["tenant"], submitted["warnings"], submitted["metadata"]) == ("acme", [], {"area": 7})
    (task,) = client.watch(submitted["id"])
    assert (task["state"], task["run"], task["error"]) == ("succeeded", 1, None)
    picture = next(artifact for artifact in task["artifacts"] if artifact["name"] == "image")
    saved = client.download(submitted["id"], task["index"], "image", tmp_path / "yard.png")
    assert (saved.size, saved.media_type, saved.digest) == (picture["bytes"], picture["mediaType"], picture["digest"])
    content = client.read(submitted["id"], 0, "image").content
    assert saved.path.read_bytes() == content == b"".join(client.stream(submitted["id"], 0, "image", run=1))
    assert content.startswith(b"\x89PNG")
    job = client.wait(submitted["id"])
    assert (job["state"], job["progress"]["succeeded"]) == ("succeeded", 1)
    assert "tasks" not in client.get(job["id"], tasks=False)
    assert client.get(job["id"], task_state="failed").get("tasks") == []
    assert [each["id"] for each in client.list(labels=labels)] == [job["id"]]
    assert [each["state"] for each in client.history(job["id"])] == ["queued", "running", "succeeded"]
    assert client.explain(job["id"])["tasks"][0]["cause"] == "Succeeded"


def test_a_submit_with_the_same_key_creates_one_job(client: Client) -> None:
    key, request = uuid.uuid4().hex, image()
    first = client.submit(request, idempotency_key=key)
    assert client.submit(request, idempotency_key=key)["id"] == first["id"]
    with pytest.raises(ApiError) as raised:
        client.submit(image(), idempotency_key=key)
    assert (raised.value.code, raised.value.status) == ("IdempotencyKeyReused", 422)


def test_a_refused_request_names_its_parts(client: Client) -> None:
    with pytest.raises(ApiError) as raised:
        client.submit(image(policy={"runTimeout": "soon"}))
    error = raised.value
    assert (error.code, error.status, error.errors[0]["path"]) == ("InvalidRequest", 422, "policy.runTimeout")
    assert error.request_id
    assert error.hint
    assert not error.may_have_applied


def test_a_failed_task_is_retried(client: Client) -> None:
    job = client.submit(images("image small", "refuse-prompt SAFETY x1"))["id"]
    first = {task["index"]: task for task in client.watch(job)}
    assert [first[at]["state"] for at in (0, 1)] == ["succeeded", "failed"]
    error = first[1]["error"]
    assert error is not None
    assert error["code"] == "PromptRefused"
    assert client.retry(job, tasks=["task-1"])["state"] in ("queued", "running")
    assert {(task["index"], task["run"], task["state"]) for task in client.watch(job)} == {
        (0, 1, "succeeded"),
        (1, 2, "succeeded"),
    }
    with pytest.raises(ApiError) as raised:
        client.retry(job)
    assert raised.value.code == "NothingToRetry"


def test_cancel_and_delete(client: Client) -> None:
    job = client.submit(images("hang"))["id"]
    with pytest.raises(WaitTimeout):
        client.wait(job, timeout=0.2)
    with pytest.raises(ApiError) as raised:
        client.delete(job)
    assert raised.value.code == "JobNotFinished"
    assert client.cancel(job)["state"] == "cancelled"
    assert client.cancel(job)["state"] == "cancelled"
    assert [task["state"] for task in client.watch(job)] == ["cancelled"]
    client.delete(job)
    for call in (client.get, client.delete, client.cancel, client.history):
        with pytest.raises(ApiError) as raised:
            call(job)
        assert (raised.value.code, raised.value.status) == ("JobNotFound", 404)


def test_reviews(client: Client) -> None:
    job = client.submit(image(policy={"review": "always"}))["id"]
    assert [task["state"] for task in client.watch(job)] == []
    waiting = client.wait(job)
    assert (waiting["state"], waiting["awaitsReview"]) == ("needs_review", True)
    client.review(job, 0, "tweak", run=1, instruction="More shade", note="too bright")
    assert client.wait(job)["tasks"][0]["run"] == 2
    with pytest.raises(ApiError) as raised:
        client.review(job, 0, "reject", run=1)
    assert raised.value.code == "NotInReview"
    assert client.review(job, 0, "approve", run=2)["state"] == "succeeded"
    assert [(task["run"], task["state"]) for task in client.watch(job)] == [(2, "succeeded")]


def test_references_are_uploaded(client: Client) -> None:
    from_path, from_bytes = client.upload(PHOTO), client.upload(PHOTO.read_bytes())
    assert from_path == from_bytes
    assert (from_path["mediaType"], from_path["bytes"]) == ("image/jpeg", PHOTO.stat().st_size)
    request = image()
    request["input"]["references"] = [{"artifact": from_path["artifact"], "caption": "style"}]
    assert client.wait(client.submit(request)["id"])["state"] == "succeeded"
    with pytest.raises(ApiError) as raised:
        client.upload(b"not an image", media_type="image/png")
    assert raised.value.code == "InvalidImage"


def test_lists_have_pages(client: Client) -> None:
    label = {"list": uuid.uuid4().hex}
    jobs = [client.submit(image(labels=label))["id"] for _ in range(5)]
    assert [job["id"] for job in client.list(labels=label, page_size=2)] == jobs[::-1]
    page = client.list_page(labels=label, page_size=2)
    assert len(page["items"]) == 2
    assert page["next"] is not None
    with pytest.raises(ApiError) as raised:
        client.list_page(cursor="nonsense")
    assert raised.value.code == "InvalidCursor"


def test_tenants_see_their_own_jobs_only(client: Client, other: Client) -> None:
    job = client.submit(image())["id"]
    with pytest.raises(ApiError) as raised:
        other.get(job)
    assert raised.value.code == "JobNotFound"
    assert job not in [each["id"] for each in other.list()]
    for token, status, code in ((None, 401, "Unauthorized"), ("gw_wrong", 401, "Unauthorized")):
        with Client(URL, token=token) as stranger, pytest.raises(ApiError) as raised:
            stranger.get(job)
        assert (raised.value.status, raised.value.code) == (status, code)


def test_the_installation(client: Client, admin: Client) -> None:
    (pool,) = client.pools()
    assert (pool["name"], pool["paused"], pool["workers"]) == ("default", False, 1)
    assert [worker["pool"] for worker in client.workers()] == ["default"]
    with pytest.raises(ApiError) as raised:
        client.pause_pool("default")
    assert raised.value.code == "Forbidden"
    paused = admin.pause_pool("default", length="10m")
    try:
        assert (paused["paused"], paused["pausedUntil"] is None) == (True, False)
    finally:
        assert admin.resume_pool("default")["paused"] is False
    assert any(check["ok"] for check in client.doctor()["checks"])


def test_stuck_tasks_can_be_failed(client: Client) -> None:
    job = client.submit(images("hang"))["id"]
    client.wait(job, until=lambda job: job["state"] == "running")
    found = client.stuck(older_than="100ms", job=job)
    while not found["items"]:
        found = client.stuck(older_than="100ms", job=job)
    assert client.fail_stuck(found["items"]) == [{"job": job, "task": 0, "outcome": "failed"}]
    (task,) = client.watch(job)
    assert (task["state"], task["reason"]) == ("failed", "FailedByOperator")
    assert [each["outcome"] for each in client.fail_stuck(found["items"])] == ["changed"]


class Plan(BaseModel):
    title: str
    steps: list[str]


def test_typed_outputs(client: Client) -> None:
    request = {"kind": "text", "input": {"prompt": f"plan a front yard {uuid.uuid4()}"}}
    job = client.submit(request, schema=Plan)["id"]  # type: ignore[arg-type]
    plan = client.output(job, schema=Plan)
    assert isinstance(plan, Plan)
    assert client.output(job) == plan.model_dump()
    picture = client.submit(image())["id"]
    with pytest.raises(OutputError) as raised:
        client.output(picture)
    assert raised.value.code == "NoOutput"


def test_text_arrives_as_it_is_written(client: Client) -> None:
    prompt = f"a story {uuid.uuid4()} [standin: write 400 every 20ms]"
    job = client.submit({"kind": "text", "input": {"prompt": prompt}})["id"]
    pieces = list(client.text(job))
    assert pieces[0]["offset"] == 0
    assert len(pieces) > 1
    assert "".join(piece["text"] for piece in pieces) == client.output(job)


def test_links_read_a_job_without_a_token(client: Client) -> None:
    job = client.submit(image())["id"]
    client.wait(job)
    links = client.links(job, expires_in="5m")
    (picture,) = [each for each in links["artifacts"] if each["artifact"] == "image"]
    assert httpx.get(links["job"]).json()["id"] == job
    assert httpx.get(picture["href"]).content == client.read(job, 0, "image").content
    assert httpx.get(links["job"].replace("link=", "link=x")).status_code == 403
