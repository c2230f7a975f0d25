"""
The page of the reviewer: the pictures that wait for a person, why they were flagged, and what to do with each.

Run it beside `make dev`: uvicorn --app-dir examples/brand-images page:app --port 8090
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from typing import cast
from urllib.parse import parse_qs

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from genwarden import ApiError, AsyncClient
from genwarden.types import Decision

PAGE = """<!doctype html><meta charset="utf-8"><title>Brand review</title>
<style>body {{ font-family: sans-serif; max-width: 50em; margin: 2em auto }}</style>
<h1>Pictures that wait for you: {count}</h1>{pictures}"""

# Only an empty page reloads itself, so that it takes nothing away that the person is typing.
EMPTY = '<meta http-equiv="refresh" content="5"><p>This page looks for new ones every five seconds.</p>'

PICTURE = """<h2>{name}</h2><p><b>{why}</b></p><img src="/image/{place}" height="320" alt="{name}">
<form method="post" action="/review/{place}">
  <button name="decision" value="approve">Approve</button> <button name="decision" value="reject">Reject</button>
  <input name="instruction" value="Fix red violations" size="30"> <button name="decision" value="tweak">Tweak</button>
</form>"""

client = AsyncClient()  # The browser gets neither its address nor its token.


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with client:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/")
async def page() -> HTMLResponse:
    pictures = []
    async for job in client.list(state="open", labels={"app": "brand"}):
        for task in (await client.get(job["id"], task_state="needs_review")).get("tasks", []):
            why = "; ".join(flag["reason"] for flag in task.get("flags", [])) or task["message"]
            place = f"{job['id']}/{task['index']}/{task['run']}"
            # What a model or a user wrote is escaped before it becomes a part of a page.
            pictures.append(PICTURE.format(name=escape(task["name"] or ""), why=escape(why), place=place))
    return HTMLResponse(PAGE.format(count=len(pictures), pictures="".join(pictures) or EMPTY))


@app.get("/image/{job}/{task}/{run}")
async def image(job: str, task: int, run: int) -> Response:
    picture = await client.read(job, task, "image", run=run)
    return Response(picture.content, media_type=picture.media_type)


@app.post("/review/{job}/{task}/{run}")
async def review(request: Request, job: str, task: int, run: int) -> RedirectResponse:
    # A page of another site must not decide.
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403, "Decide on the page itself.")
    fields = parse_qs((await request.body()).decode())
    decision, instruction = cast(Decision, fields["decision"][0]), fields["instruction"][0]
    try:
        # The run says which picture the person saw.
        await client.review(job, task, decision, run=run, instruction=instruction if decision == "tweak" else None)
    except ApiError as error:  # For example NotInReview: another person was first.
        raise HTTPException(error.status, str(error)) from error
    return RedirectResponse("/", status_code=303)
