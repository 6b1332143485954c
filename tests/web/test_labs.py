"""The labs over HTTP, as a browser uses them: real server, real sandboxes, a cookie jar and the fragments."""

from __future__ import annotations

import html
import http.cookies
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.ours import NAMES, OURS, lab_of
from tests.web.conftest import Answer, Server

LAB = "/labs/03-one-port-many-sockets"
PATIENCE = 60.0


class Learner:
    """A browser that does labs: it keeps cookies and the version of its page."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}
        self.version = "0"
        self.edition = ""

    def get(self, path: str) -> Answer:
        return self._kept(self.server.ask("GET", path, None, self._headers()))

    def post(self, path: str, **fields: str | int) -> Answer:
        body = urlencode({**fields, "version": self.version, "edition": self.edition}).encode()
        headers = {**self._headers(), "Content-Type": "application/x-www-form-urlencoded"}
        return self._kept(self.server.ask("POST", path, body, headers))

    def act(self, what: str, step: int, **fields: str | int) -> str:
        answer = self.post(f"{LAB}/steps/{step}/{what}", **fields)
        assert answer.status == 200, answer.body
        return refusal(answer)

    def pulse(self, lab: str = LAB) -> Answer:
        return self.get(f"{lab}/pulse?version={self.version}&edition={self.edition}")

    def page(self, path: str = LAB) -> str:
        answer = self.get(path)
        assert answer.status == 200, answer.body
        return html.unescape(answer.body.decode())

    def until(self, what: str, true: Callable[[str], object]) -> str:
        """Ask for the page until it says something; the server answers at once, and its log does the waiting."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            text = self.page()
            if true(text):
                return text
        raise AssertionError(f"never came true: {what}")

    def predict(self, step: int, choice: str | None = None, question: int = 0) -> str:
        fields = {"unknown": "1"} if choice is None else {"choice": choice}
        return self.act("answer", step, kind="predict", question=question, **fields)

    def settled(self, step: int) -> str:
        return self.until(f"step {step} settles", lambda text: re.search(rf'id="step-{step}"[^>]* data-settled', text))

    def _headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def _kept(self, answer: Answer) -> Answer:
        for line in answer.cookies:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        text = answer.body.decode(errors="replace")
        for name in ("version", "edition"):
            if found := re.search(rf'name="{name}" value="(\w+)"', text):
                setattr(self, name, found[1])
        return answer


def refusal(answer: Answer) -> str:
    found = re.search(r'id="lab-refusal"[^>]*>([^<]*)<', answer.body.decode())
    return html.unescape(found[1]) if found else ""


@pytest.fixture
def learner(server: Server) -> Iterator[Learner]:
    learner = Learner(server)
    yield learner
    learner.post("/progress/delete")


# --- the catalogue


def test_the_catalogue_has_every_lab(server: Server) -> None:
    text = html.unescape(server.ask("GET", "/labs").body.decode())
    for lab in map(lab_of, NAMES):
        assert lab.question in text
        assert f"{lab.minutes} min" in text


def test_it_is_searched(server: Server) -> None:
    text = server.ask("GET", "/panels/labs?q=rfc+862").body.decode()
    assert "03-one-port-many-sockets" in text
    assert "01-port-or-socket" not in text


def test_a_search_for_markup_shows_it_as_text(server: Server) -> None:
    text = server.ask("GET", "/labs?q=%3Cscript%3Ealert(1)%3C/script%3E").body.decode()
    assert "<script>alert" not in text


def test_reading_gives_nobody_a_name(server: Server) -> None:
    for path in ("/labs", LAB, "/misconceptions", "/glossary", "/analogies"):
        answer = server.ask("GET", path)
        assert answer.status == 200
        assert answer.cookies == []


@pytest.mark.parametrize("name", NAMES)
def test_a_lab_can_be_read_without_a_sandbox(server: Server, name: str) -> None:
    lab = lab_of(name)
    text = server.ask("GET", f"/labs/{lab.name}").body.decode()
    for step in lab.steps:
        assert f'id="{step.anchor}"' in text
        for prose in step.blocks:
            if type(prose).__name__ == "Prose":
                words = re.sub(r"<[^>]*>", "", text)
                assert re.sub(r"<[^>]*>", "", prose.html).strip()[:60] in words
    assert 'data-sandbox=""' in text


def test_a_number_leads_to_the_lab(server: Server) -> None:
    answer = server.ask("GET", "/labs/03")
    assert (answer.status, answer.headers["location"]) == (303, LAB)


def test_a_lab_that_is_not_there(server: Server) -> None:
    answer = server.ask("GET", "/labs/99-none", headers={"Accept": "text/html"})
    assert answer.status == 404
    assert b"/labs" in answer.body


def test_each_misconception_leads_to_a_step_that_is_there(server: Server) -> None:
    text = server.ask("GET", "/misconceptions").body.decode()
    assert len(re.findall(r'<li id="m-\d+">', text)) == 16
    for path, anchor in re.findall(r'href="(/labs/[^"#]+)#(step-\d+)"', text):
        assert f'id="{anchor}"' in server.ask("GET", path).body.decode()


def test_links_into_the_glossary_have_their_entry(server: Server) -> None:
    glossary = server.ask("GET", "/glossary").body.decode()
    for anchor in set(re.findall(r'href="/glossary#([\w-]+)"', server.ask("GET", LAB).body.decode())):
        assert f'id="{anchor}"' in glossary


# --- a run


def test_predict_comes_before_run(learner: Learner) -> None:
    assert learner.act("run", 1) == ""
    learner.settled(1)
    assert learner.act("enter", 2) == ""
    assert "A prediction is missing" in learner.act("run", 2)
    assert learner.predict(2, "2") == ""
    assert learner.act("run", 2) == ""
    text = learner.settled(2)
    assert "The kernel says 3" in text
    assert "You said 2" in text
    assert "wrong" not in text.lower()
    assert "the answer stands" in learner.predict(2, "3")


def test_the_answer_brings_only_what_has_changed(learner: Learner) -> None:
    learner.act("run", 1)
    learner.settled(1)
    answer = learner.pulse()
    if answer.status == 204:
        return
    assert learner.pulse().status == 204
    assert 'hx-swap-oob="true"' in answer.body.decode()


def test_an_own_command_runs_instead(learner: Learner) -> None:
    learner.act("run", 1, **{"text-0": "python3 echo_server.py 7007"})
    text = learner.until("a hint reacts", lambda text: "Nothing listens" in text)
    assert 'value="python3 echo_server.py 7007"' in text
    assert not re.search(r'id="step-1"[^>]* data-settled', text)


def test_what_cannot_be_run_is_said(learner: Learner) -> None:
    assert "echo_sever.py" in learner.act("run", 1, **{"text-0": "python3 echo_sever.py 7"})
    assert "quotation" in learner.act("run", 1, **{"text-0": "python3 'echo"})


def test_steps_are_done_in_their_order(learner: Learner) -> None:
    learner.act("run", 1)
    assert learner.act("enter", 3) != ""
    assert "You are at step 1" in learner.act("run", 3)


def test_a_step_can_be_begun_at(learner: Learner) -> None:
    answer = learner.post(f"{LAB}/start", step=4)
    event = json.loads(answer.headers["hx-trigger"])["lab:sandbox"]
    assert event["step"] == 4
    text = learner.until("the steps before are played", lambda text: 'id="step-4"' in text and 'id="own-4"' in text)
    assert re.search(r'id="step-3"[^>]* data-settled', text)
    assert learner.act("try", 4, host="client-a", command="python3 echo_client.py 10.0.0.4 7") == ""
    learner.settled(4)


def test_hints_come_one_by_one_and_then_the_way(learner: Learner) -> None:
    learner.post(f"{LAB}/start", step=4)
    learner.until("step 4", lambda text: 'id="own-4"' in text)
    learner.act("hint", 4)
    text = learner.page()
    assert text.count("Which port does the server listen on?") == 1
    assert "Two of them share an address" not in text
    learner.act("show", 4)
    text = learner.settled(4)
    assert "(shown)" in text


def test_the_tool_shows_the_same_rows(learner: Learner) -> None:
    learner.post(f"{LAB}/start", step=3)
    learner.until("step 3", lambda text: 'id="run-3"' in text and 'id="use-2-0"' in text)
    assert learner.act("tool", 2, index=0) == ""
    learner.until("ss prints", lambda text: re.search(r"LISTEN\s+0\s+5\s+0\.0\.0\.0:7", text))


def test_a_dead_sandbox_is_built_again_with_one_click(learner: Learner) -> None:
    learner.act("run", 1)
    learner.settled(1)
    learner.act("enter", 2)
    learner.predict(2, "3")
    (cookie,) = [name for name in learner.cookies if re.fullmatch(r"socketlab-[0-9a-f]{10}", name)]
    sandbox = cookie.removeprefix("socketlab-")
    token = {"Authorization": f"Bearer {learner.cookies[cookie]}"}
    assert learner.server.ask("DELETE", f"/api/sandboxes/{sandbox}", None, token).status == 204
    text = learner.until("it says so", lambda text: 'data-mood="ended"' in text)
    assert "no fault of yours" in text
    assert "Go on at step 2" in text
    assert re.search(r'id="step-1"[^>]* data-settled', text)
    assert not re.search(r'<li data-mood="(lost|failed)"', text)
    learner.post(f"{LAB}/start", step=2, again=1)
    learner.until("it lives again", lambda text: 'id="lab-status" class="lab-status" data-mood="live"' in text)
    assert learner.act("run", 2) == ""
    assert "The kernel says 3" in learner.settled(2)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("steps/1/answer", {"kind": "predict", "question": "9", "choice": "1"}),
        ("steps/1/answer", {"kind": "guess", "question": "0", "choice": "1"}),
        ("steps/2/answer", {"kind": "predict", "question": "0", "choice": "17"}),
        ("steps/2/answer", {"kind": "predict", "question": "0"}),
        ("steps/2/answer", {}),
        ("steps/77/run", {}),
        ("start", {"step": "0"}),
        ("start", {"step": "nine"}),
        ("steps/4/try", {"host": "nowhere", "command": "true"}),
        ("steps/1/stop", {}),
        ("steps/1/tool", {"index": "5"}),
    ],
)
def test_nonsense_is_refused_in_words(learner: Learner, path: str, fields: dict[str, str]) -> None:
    answer = learner.post(f"{LAB}/{path}", **fields)
    assert answer.status == 200
    assert refusal(answer)


def test_an_act_that_nobody_knows(learner: Learner) -> None:
    assert learner.post(f"{LAB}/steps/1/explode").status == 404


def test_another_learner_has_another_run(learner: Learner, server: Server) -> None:
    learner.act("run", 1)
    other = Learner(server)
    assert 'data-sandbox=""' in other.page()


# --- progress


def test_progress_outlives_browser_and_server(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/progress.sqlite3"
    with Server(SOCKETLAB_DATABASE=database) as first:
        learner = Learner(first)
        learner.act("run", 1)
        learner.settled(1)
        learner.act("enter", 2)
        learner.predict(2, "2")
    with Server(SOCKETLAB_DATABASE=database) as second:
        learner.server, learner.version = second, "0"
        text = learner.page()
        assert "Go on at step 2" in text
        assert re.search(r'id="step-1"[^>]* data-settled', text)
        assert re.search(r'value="2" checked', text)
        assert "step 2 of 5" in learner.page("/labs")


def test_it_can_be_taken_along_and_deleted(learner: Learner) -> None:
    learner.act("run", 1)
    learner.settled(1)
    learner.predict(2, "4")
    answer = learner.get("/progress")
    document = answer.json()
    assert "attachment" in answer.headers["content-disposition"]
    assert document["learner"] == learner.cookies["socketlab-learner"]
    assert [(one["step"], one["choice"]) for one in document["answers"]] == [(2, "4")]
    assert [one["step"] for one in document["finished_steps"]] == [1]
    kept = dict(learner.cookies)
    assert learner.post("/progress/delete").status == 303
    assert "socketlab-learner" not in learner.cookies
    learner.cookies = kept
    assert learner.get("/progress").json()["answers"] == []


def test_nothing_is_known_of_who_did_nothing(server: Server) -> None:
    assert server.ask("GET", "/progress").status == 404


def test_a_store_that_does_not_answer_stops_no_lab(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with Server(SOCKETLAB_DATABASE=f"sqlite:///{tmp_path}/state/progress.sqlite3") as server:
        learner = Learner(server)
        assert learner.act("run", 1) == ""
        text = learner.settled(1)
        assert "cannot be kept now" in text
        assert "The lab goes on without it" in text
        assert learner.predict(2, "3") == ""


def test_a_database_that_makes_no_sense_stops_the_start() -> None:
    command = [sys.executable, "-m", "server.cli", "serve", "--port", "0"]
    environment = os.environ | {"SOCKETLAB_DATABASE": "nonsense"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "SOCKETLAB_DATABASE" in done.stderr
    assert "postgresql://" in done.stderr


# --- an instructor's own labs


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    for name in ("01-port-or-socket", "03-one-port-many-sockets", "programs"):
        shutil.copytree(OURS / name, tmp_path / "labs" / name)
    return tmp_path / "labs"


@pytest.fixture
def own(desk: Path) -> Iterator[Server]:
    server = Server.__new__(Server)
    server.start([sys.executable, "-m", "server.cli", "serve", "--port", "0", "--labs", str(desk)], {})
    with server:
        yield server


def edited(learner: Learner) -> Answer:
    """Ask as the page does until the edit is seen."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = learner.pulse()
        if answer.headers.get("hx-refresh") == "true":
            return answer
    raise AssertionError("the edit was never seen")


def test_an_edit_reloads_the_page(own: Server, desk: Path) -> None:
    learner = Learner(own)
    learner.page()
    assert learner.pulse().status == 204
    path = desk / "03-one-port-many-sockets" / "lab.md"
    path.write_text(path.read_text().replace("How many sockets?", "How many sockets are there now?", 1))
    edited(learner)
    assert "How many sockets are there now?" in learner.page()


def test_an_edit_of_words_does_not_end_the_run(own: Server, desk: Path) -> None:
    learner = Learner(own)
    learner.act("run", 1)
    learner.settled(1)
    path = desk / "03-one-port-many-sockets" / "lab.md"
    path.write_text(path.read_text().replace("An echo server sends back", "An echo server returns"))
    edited(learner)
    text = learner.page()
    assert "An echo server returns" in text
    assert 'data-mood="live"' in text
    path.write_text(path.read_text().replace("echo_client.py 10.0.0.4 7", "echo_client.py 10.0.0.4 8", 1))
    edited(learner)
    assert "This lab was edited" in learner.page()


def test_files_of_ones_own_beside_the_labs(own: Server, desk: Path) -> None:
    learner = Learner(own)
    assert 'id="five-tuple"' in learner.page("/glossary")
    learner.page()
    (desk / "glossary.md").write_text("## echo server\n\nIt sends `back` <b>all</b>.\n\n## port\n\n- sea: x\n")
    edited(learner)
    glossary = learner.get("/glossary").body.decode()
    assert "It sends <code>back</code> &lt;b&gt;all&lt;/b&gt;." in glossary
    assert 'id="five-tuple"' not in glossary
    assert "glossary.md:7" in glossary
    assert set(re.findall(r'href="/glossary#([\w-]+)"', learner.page())) == {"echo-server"}
    assert "complaints" not in learner.page("/misconceptions")


def test_a_broken_lab_says_where_and_the_others_load(own: Server, desk: Path) -> None:
    path = desk / "03-one-port-many-sockets" / "lab.md"
    good = path.read_text()
    learner = Learner(own)
    learner.page()
    path.write_text(good.replace("minutes: 9", "minuets: 9"))
    edited(learner)
    answer = learner.get(LAB)
    assert answer.status == 422
    text = html.unescape(answer.body.decode())
    assert "03-one-port-many-sockets/lab.md:5" in text
    assert "minuets" in text
    assert learner.get("/labs/01-port-or-socket").status == 200
    catalogue = learner.page("/labs")
    assert "03-one-port-many-sockets/lab.md:5" in catalogue
    path.write_text(good)
    while (answer := learner.get(LAB)).status == 422:  # the file may be seen while it is being written
        edited(learner)
    assert b"Three clients" in answer.body
