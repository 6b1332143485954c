"""The page of a lab, its runs over HTTP, and a learner's own data.

Who learns is a random name in a cookie. It is given with the first thing that somebody does, not for reading.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from server.courses.recording import run_recording
from server.errors import NotFoundError
from server.lessons.model import Lab
from server.sessions import recorded_logs
from server.sessions.limits import duration
from server.web import lab_views as views
from server.web import openapi
from server.web.access import (
    LEARNER_COOKIE,
    LEARNER_SECONDS,
    courses_of,
    door_of,
    learner_of,
    new_learner,
    set_learner,
    watch_run_address,
)
from server.web.cookies import let_visit
from server.web.own import ended_words
from server.web.recordings import RECORDING_TYPE, in_pieces
from server.web.rendering import chosen_theme, render

LabName = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]
RunId = Annotated[str, Path(max_length=40, pattern=r"^run-[0-9a-f]+$")]
WindowId = Annotated[str, Query(max_length=40, pattern=r"^[a-z0-9-]+$")]
Key = Annotated[str, Query(max_length=64)]


def pages() -> APIRouter:
    """``/labs/NAME``, the page to watch a run, the presenter's window, and ``/progress``."""
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @router.get("/labs/{name}")
    async def lab(request: Request, name: LabName, lang: Annotated[str, Query(max_length=2)] = "") -> Response:
        library = courses_of(request).library
        await library.refresh()
        full = library.full_name(name)
        if full in library.problems:
            context = views.BrokenLabContext(
                title="A lab that cannot be read",
                theme=chosen_theme(request),
                name=full,
                edition=library.edition(full),
                problems=library.problems[full],
            )
            return render(request, "pages/broken_lab.html", context, 422)
        found = library.find(name)
        if full != name or lang:
            moved = Response(status_code=303, headers={"Location": f"/labs/{full}"})
            if lang == "en" or lang in found.translations:
                moved.set_cookie(views.LANGUAGE_COOKIE, lang, max_age=LEARNER_SECONDS, samesite="lax")
            return moved
        learner = learner_of(request)
        run = await courses_of(request).find(learner, found.name)
        if not run and learner and found.name in (await courses_of(request).notebook.notes(learner)).visits:
            run = await courses_of(request).begin(learner, found)  # from before there were runs
        return render(request, "pages/lab.html", _context(request, found, run))

    @router.get("/labs/{name}/edited")
    async def edited(request: Request, name: LabName, edition: Annotated[str, Query(max_length=20)] = "") -> Response:
        """Let a page that follows no run load itself again once the lab's file is another one."""
        library = courses_of(request).library
        await library.refresh()
        headers = {} if library.edition(library.full_name(name)) == edition else {"HX-Refresh": "true"}
        return Response(status_code=204, headers=headers)

    @router.get("/labs/{name}/presenter")
    async def presenter(request: Request, name: LabName, window: WindowId) -> HTMLResponse:
        """The window of who presents a lab: what another window of the same browser shows, and what comes next."""
        library = courses_of(request).library
        await library.refresh()
        texts = views.spoken(request, library.find(name))
        context = views.PresenterContext(
            title=f"Presenter: {texts.title}",
            theme=chosen_theme(request),
            lesson=views.lesson_view(texts, library.reference),
            window=window,
        )
        return render(request, "pages/presenter.html", context)

    @router.get("/labs/{name}/watch/{run}")
    async def watch(request: Request, name: LabName, run: RunId, key: Key = "") -> Response:
        """A run of somebody else's, to be looked at."""
        library = courses_of(request).library
        await library.refresh()
        await courses_of(request).right(run, "", key)
        context = _context(request, library.find(name), run, key)
        if await _over(request, run):
            context = await _recorded(request, context)
        return render(request, "pages/lab.html", context)

    @router.get("/progress")
    async def export(request: Request) -> Response:
        """All that is known of a learner, for themselves."""
        learner = learner_of(request)
        if not learner:
            raise NotFoundError("Nothing is known of you here.", "Do a step of a lab first.")
        document = await courses_of(request).notebook.export(learner)
        headers = {"Content-Disposition": 'attachment; filename="socketlab-progress.json"'}
        return Response(msgspec.json.format(msgspec.json.encode(document)), 200, headers, "application/json")

    @router.post("/progress/delete")
    async def forget(request: Request) -> Response:
        """Delete all that is known of a learner, the name in the cookie too."""
        learner = learner_of(request)
        if learner:
            await courses_of(request).forget(learner)
        gone = Response(status_code=303, headers={"Location": "/labs"})
        gone.delete_cookie(LEARNER_COOKIE, path="/")
        return gone

    return router


def api() -> APIRouter:
    """``/api/labs/NAME/runs`` and ``/api/runs/RUN``."""
    router = APIRouter()

    @router.post("/api/labs/{name}/runs", **openapi.BEGIN_RUN)
    async def begin(
        request: Request, name: LabName, order: Annotated[int, Query(ge=1, le=0xFFFFFFFF)] | None = None
    ) -> Response:
        """Begin a run of a lab, or find the one that the learner has; acts then go up its stream.

        The order in which a new run shows the options of its questions is drawn from `order`, or from the run's id.
        """
        courses = courses_of(request)
        await courses.library.refresh()
        learner = learner_of(request) or new_learner()
        run = await courses.begin(learner, courses.library.find(name), order or 0)
        response = Response(msgspec.json.encode(await _told(request, run)), 201, media_type="application/json")
        response.headers["Location"] = f"/api/runs/{run}"
        set_learner(request, response, learner)
        let_visit(request, response)
        return response

    @router.get("/api/runs", **openapi.LIST_RUNS)
    async def runs(request: Request) -> Response:
        """The runs of who asks, each with its lab and its present sandbox."""
        found = await courses_of(request).runs(learner_of(request))
        return Response(msgspec.json.encode({"runs": found}), media_type="application/json")

    @router.get("/api/runs/{run}", **openapi.READ_RUN)
    async def read(request: Request, run: RunId, key: Key = "") -> Response:
        """What a run is now: the fold of its log."""
        courses = courses_of(request)
        right = await courses.right(run, learner_of(request), key)
        state = await courses.state(run)
        told = {"id": run, "seq": state["seq"], "state": state}
        if right == "steer":
            told["watch"] = watch_run_address(state["lab"], run, await courses.watch_key(run))
        return Response(msgspec.json.encode(told), media_type="application/json")

    @router.post("/api/runs/{run}/share", **openapi.SHARE_RUN)
    async def share(request: Request, run: RunId) -> Response:
        """The address where whoever has it may look at the run, until it is taken back."""
        told = await _told(request, await _own(request, run))
        return Response(msgspec.json.encode({"watch": told["watch"]}), media_type="application/json")

    @router.delete("/api/runs/{run}/share", **openapi.TAKE_BACK_RUN)
    async def take_back(request: Request, run: RunId) -> Response:
        """Take the address back: it opens nothing any more, and the streams that came by it end."""
        await courses_of(request).take_back(await _own(request, run))
        return Response(status_code=204)

    @router.get("/api/runs/{run}/recording.jsonl.gz", **openapi.RUN_RECORDING)
    async def read_recording(request: Request, run: RunId, key: Key = "") -> Response:
        """The run so far as a recording of format 2: its own log and that of its present sandbox."""
        courses = courses_of(request)
        await courses.right(run, learner_of(request), key)
        lines, heading = await run_recording(courses, door_of(request), run)
        headers = {"Content-Disposition": f'attachment; filename="{heading.logs[run].lab}.jsonl.gz"'}
        return StreamingResponse(in_pieces(recorded_logs.compressed(lines, heading)), 200, headers, RECORDING_TYPE)

    return router


def _context(request: Request, lab: Lab, run: str, key: str = "") -> views.LabContext:
    library, texts = courses_of(request).library, views.spoken(request, lab)
    following = library.after(lab)
    return views.LabContext(
        title=texts.title,
        theme=chosen_theme(request),
        lesson=views.lesson_view(texts, library.reference),
        run=run,
        key=key,
        watching=key != "",
        edition=library.edition(lab.name),
        hosts=views.host_choices(lab),
        following=(following.name, views.spoken(request, following).question) if following is not None else None,
        languages=("en", *lab.translations) if lab.translations else (),
        trouble=courses_of(request).notebook.trouble,
        kept_for=duration(door_of(request).limits.remembered_seconds),
    )


async def _over(request: Request, run: str) -> bool:
    """Whether a run has ended, or is about to hear that its hosts are gone."""
    state = await courses_of(request).state(run)
    if state["mood"] != "live":
        return state["mood"] == "ended"
    try:
        return (await door_of(request).status(state["sandbox"])).ended
    except NotFoundError:
        return False  # the server has started again: the hosts are made again when the learner comes back


async def _recorded(request: Request, context: views.LabContext) -> views.LabContext:
    """The page of a run whose hosts are gone: its recording, while that is kept."""
    sandbox = await courses_of(request).last_sandbox(context.run)
    try:
        about = ended_words(await door_of(request).status(sandbox))
    except NotFoundError:
        about = f"Its hosts have ended, and their recording, which is kept for {context.kept_for}, is gone."
        return replace(context, about=about)
    recording = f"/api/runs/{context.run}/recording.jsonl.gz?key={context.key}"
    return replace(context, recording=recording, about=about)


async def _own(request: Request, run: str) -> str:
    """A run, for its learner alone."""
    await courses_of(request).right(run, learner_of(request))
    return run


async def _told(request: Request, run: str) -> dict[str, str]:
    courses = courses_of(request)
    lab = (await courses.state(run))["lab"]
    watch = watch_run_address(lab, run, await courses.watch_key(run))
    return {"id": run, "stream": f"/api/stream?log={run}", "watch": watch}
