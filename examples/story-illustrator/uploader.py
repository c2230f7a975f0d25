"""
Receives Genwarden's webhooks, and uploads each finished picture to another store. Here the store is a folder.

Run it with the secret that signs the webhooks:
    WEBHOOK_SECRET=whsec_... uvicorn --app-dir examples/story-illustrator uploader:app --port 8090
"""

import base64
import hmac
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI, HTTPException, Request, Response

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
STORE = Path(os.environ.get("STORE", "store"))
STORE.mkdir(parents=True, exist_ok=True)
app = FastAPI()


def is_signed(headers: Mapping[str, str], body: bytes) -> bool:
    """Standard Webhooks: only Genwarden knows the secret. The package `standardwebhooks` does the same."""
    sent = headers.get("webhook-timestamp", "")
    if not sent.isdigit() or abs(time.time() - int(sent)) > 300:
        return False  # Perhaps an old delivery that somebody recorded.
    signed = f"{headers.get('webhook-id', '')}.{sent}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(SECRET, signed, "sha256"))
    # There are several signatures while the secret is rotated.
    return any(hmac.compare_digest(expected, one.encode()) for one in headers.get("webhook-signature", "").split())


@app.post("/hook")
async def hook(request: Request) -> Response:
    body = await request.body()
    if not is_signed(request.headers, body):
        raise HTTPException(401, "The signature does not match.")
    event = json.loads(body)
    if event["type"] == "task.succeeded":
        await upload(event["data"])  # An error here is a 500 to Genwarden, which delivers the event again.
    elif event["type"] == "job.finished":
        print(f"Job {event['data']['job']} is {event['data']['state']}", flush=True)
    return Response(status_code=204)


async def upload(data: Mapping[str, Any]) -> None:
    """May be called again with the same picture, for example if the answer to the first delivery was lost."""
    task = data["task"]
    target = STORE / f"{task['name']}-{task['run']}.png"
    if target.exists():
        print(f"{target.name} is stored already", flush=True)
        return
    links = data["links"]["artifacts"]
    # A signed link, which needs no token.
    link = next(one["href"] for one in links if one["task"] == task["index"] and one["artifact"] == "image")
    async with httpx.AsyncClient() as http:
        picture = (await http.get(link)).raise_for_status().content
    part = STORE / f".{uuid4()}"
    part.write_bytes(picture)
    try:
        os.link(part, target)  # The picture appears whole, and only once, even if two deliveries arrive together.
        print(f"{target.name} stored: {len(picture)} bytes", flush=True)
    except FileExistsError:
        print(f"{target.name} is stored already", flush=True)
    finally:
        part.unlink()
