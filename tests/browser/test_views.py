"""The views beside the stage: the source with its statements, the tables of the tools at home, and the wall."""

from __future__ import annotations

import gzip
import json
import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from server.folders import folder
from tests.browsing import Director, directed, drawn, held_before, opened, release_other, rows, shows, sleeps, visit
from tests.recordings.make import path_of
from tests.recordings.runs import RUNS
from tests.web.conftest import Server

LINES = (folder("labs") / "programs" / "echo_server.py").read_text().splitlines()
SERVER = ".listing[data-key='/labs/programs/echo_server.py']"


def connected(director: Director) -> tuple[int, int]:
    """A server that sleeps in recv() for a client that waits for a line."""
    server = director.listen()
    client = director.connect("client-a")
    director.until("both sleep", lambda state: sleeps(state, client, "read") and sleeps(state, server, "recv"))
    return server, client


def inside(director: Director, pid: int, name: str) -> dict[str, Any]:
    """The call that a process sleeps in."""
    calls = director.state["processes"][str(pid)]["calls"].values()
    return next(call for call in calls if call["name"].startswith(name))


# The source


def test_the_source_shows_the_statement_that_each_program_waits_in(page: Page, served: Server) -> None:
    with directed(served) as director:
        server, _ = connected(director)
        visit(page, director)
        page.get_by_role("button", name="Source", exact=True).click()
        here = page.locator(f"{SERVER} li[data-how]")
        # One of its threads waits for the next client, the other for what this one says.
        expect(here).to_have_count(2)
        for name in ("accept", "recv"):
            line = inside(director, server, name)["line"]
            statement = page.locator(f"{SERVER} li[data-how][data-line='{line}']")
            expect(statement.locator("code")).to_have_text(LINES[line - 1].strip())
            expect(statement).to_contain_text(f"pid {server} is in {name}()")
        expect(page.locator(f"{SERVER} li")).to_have_count(len(LINES))
        entered = next(line for line in director.lines if line.get("name") == "listen")
        page.locator("[data-scrub]").fill(str(entered["seq"]))
        expect(here).to_have_count(1)
        expect(here).to_have_attribute("data-line", str(entered["line"]))
        expect(here).to_contain_text("is in listen()")
        returned = next(
            line["seq"]
            for line in director.lines
            if line["type"] == "syscall.returned" and line["call"] == entered["call"]
        )
        page.locator("[data-scrub]").fill(str(returned))
        expect(here).to_contain_text("came out of listen()")


def test_a_line_and_its_call_light_each_other_up(page: Page, served: Server) -> None:
    with directed(served) as director:
        server, _ = connected(director)
        call = inside(director, server, "recv")
        visit(page, director)
        page.get_by_role("button", name="Source", exact=True).click()
        line = page.locator(f"{SERVER} li[data-line='{call['line']}']")
        expect(line.locator("code")).to_have_text(LINES[call["line"] - 1].strip())  # the text has come, nothing moves
        descriptor = page.locator(f"[data-key='fd:{server}:{call['args']['fd']}']")
        expect(descriptor).not_to_have_attribute("data-lit", "")
        line.locator("code").hover()
        expect(descriptor).to_have_attribute("data-lit", "")
        page.locator("header.bar").hover()
        expect(descriptor).not_to_have_attribute("data-lit", "")
        expect(line).not_to_have_attribute("data-lit", "")
        descriptor.hover()
        expect(line).to_have_attribute("data-lit", "")
        line.get_by_role("button").click()
        expect(page.locator("#evidence-title")).to_have_text(re.compile(r"^recv"))


def test_a_recording_says_that_it_has_no_source(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/r/three-clients-one-port?seq=60&view=source")
    expect(page.locator(".listing .why").first).to_have_text(
        "The source is not in the recording; only the statements are."
    )
    expect(page.locator(".listing li[data-how]").first).to_be_visible()
    assert not any("/panels/source" in url for url in asked)


# All views


def test_what_is_pointed_at_in_one_view_lights_up_in_all(page: Page, served: Server) -> None:
    with directed(served) as director:
        server, _ = connected(director)
        accepted = rows(director.state, host="server", state="ESTABLISHED")[0]
        other = rows(director.state, host="server", state="LISTEN")[0]
        fd = accepted["owners"][0]["fd"]
        call = inside(director, server, "recv")
        visit(page, director)
        page.get_by_role("button", name="Source", exact=True).click()
        line = page.locator(f"{SERVER} li[data-line='{call['line']}']")
        expect(line.locator("code")).to_have_text(LINES[call["line"] - 1].strip())
        shape = page.locator(f"[data-key='socket:{accepted['socket']}']")
        plug = page.locator(f"[data-key='fd:{server}:{fd}']")
        elsewhere = page.locator(f"[data-key='socket:{other['socket']}']")
        event = page.locator(f"[data-rows] .event[data-key='{seq_of(director, call['call'])}']")
        rung = page.locator(f".ladder .rung[data-seq='{seq_of(director, call['call'])}']")

        shape.hover()
        for lit in (plug, line, event):
            expect(lit).to_have_attribute("data-lit", "")
        expect(elsewhere).not_to_have_attribute("data-lit", "")
        page.locator("header.bar").hover()
        for lit in (shape, plug, line, event):
            expect(lit).not_to_have_attribute("data-lit", "")

        event.hover()
        for lit in (plug, line, shape):
            expect(lit).to_have_attribute("data-lit", "")

        page.get_by_role("button", name="Ladder", exact=True).click()
        rung.hover()
        for lit in (plug, shape, event, rung):
            expect(lit).to_have_attribute("data-lit", "")
        shape.hover()
        expect(rung).to_have_attribute("data-lit", "")
        page.locator("header.bar").hover()
        expect(rung).not_to_have_attribute("data-lit", "")

        page.get_by_role("button", name="Sockets as a table").click()
        row = page.locator(f"tr[data-socket='socket:{accepted['socket']}']").first
        plug.hover()
        expect(row).to_have_attribute("data-lit", "")
        page.locator("header.bar").hover()
        expect(row).not_to_have_attribute("data-lit", "")
        row.hover()
        for lit in (plug, shape, event):
            expect(lit).to_have_attribute("data-lit", "")


def test_a_number_that_was_used_before_lights_only_what_is_about_it_now(page: Page, served: Server) -> None:
    with directed(served) as director:
        server, client = connected(director)
        gone = rows(director.state, host="server", state="ESTABLISHED")[0]
        first = inside(director, server, "recv")
        director.sandbox.command("process.signal", pid=client, signal="KILL")
        director.until("its number is free", lambda state: str(gone["owners"][0]["fd"]) not in fds(state, server))
        director.connect("client-b")  # gets the number that accept() took before it began to wait
        director.connect("client-b")
        again = director.until(
            "it is used again", lambda state: fds(state, server).get(str(gone["owners"][0]["fd"]), {}).get("socket")
        )
        visit(page, director)
        assert again != gone["socket"]
        page.locator(f"[data-key='fd:{server}:{gone['owners'][0]['fd']}']").hover()
        opened = next(
            line["seq"]
            for line in reversed(director.lines)
            if line["type"] == "fd.opened" and (line["pid"], line["fd"]) == (server, gone["owners"][0]["fd"])
        )
        lit = page.locator("[data-rows] .event[data-lit]")
        expect(lit.first).to_be_visible()
        assert min(int(seq) for seq in lit.evaluate_all("all => all.map(row => row.dataset.key)")) >= opened
        assert seq_of(director, first["call"]) < opened


def seq_of(director: Director, call: int) -> int:
    """Where a call was entered."""
    return next(line["seq"] for line in director.lines if line["type"] == "syscall.entered" and line["call"] == call)


def fds(state: dict[str, Any], pid: int) -> dict[str, Any]:
    table: dict[str, Any] = state["processes"][str(pid)]["fds"]
    return table


# The tables


def table(page: Page, tool: str) -> list[list[str]]:
    page.get_by_label("Write the table as").select_option(tool)
    head = "Local Address:Port" if tool == "ss" else "NAME" if "lsof" in tool else "Local Address"
    expect(page.locator(".sockets th", has_text=head)).to_have_count(1)
    drawn(page)  # two tools may have the same head
    return page.locator(".sockets tbody tr").evaluate_all(
        "all => all.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def test_the_tables_are_written_as_the_tools_at_home_write_them(page: Page, served: Server) -> None:
    with directed(served) as director:
        server, client = connected(director)
        listening, accepted = (
            rows(director.state, host="server", state=state)[0] for state in ("LISTEN", "ESTABLISHED")
        )
        visit(page, director)
        page.get_by_role("button", name="Sockets as a table").click()
        command = page.locator("[data-command-line]")
        peer, fd = accepted["remote"], accepted["owners"][0]["fd"]
        host, port = peer.split(":")
        key = f"{int(listening['socket']):x}"

        found = table(page, "ss")
        expect(command).to_have_text("ss -tanpe")
        users = f'users:(("echo_server",pid={server},fd={listening["owners"][0]["fd"]}))'
        inode = f"uid:{listening['uid']} ino:{listening['inode']} sk:{key}"
        backlog = str(listening["send_queue"])
        assert ["server", "LISTEN", "0", backlog, "0.0.0.0:7", "0.0.0.0:*", f"{users} {inode}"] in found
        assert ["server", "ESTAB", "0", "0", "10.0.0.4:7", peer] in [row[:6] for row in found]

        found = table(page, "lsof-linux")
        expect(command).to_have_text("lsof -i -P -n")
        name = f"10.0.0.4:7->{peer} (ESTABLISHED)"
        wanted = ["echo_serv", str(server), "learner", f"{fd}u", "IPv4", str(accepted["inode"]), "0t0", "TCP", name]
        assert ["server", *wanted] in found

        found = table(page, "netstat-linux")
        expect(command).to_have_text("netstat -an")
        assert ["server", "tcp", "0", "0", "0.0.0.0:7", "0.0.0.0:*", "LISTEN"] in found
        assert ["client-a", "tcp", "0", "0", peer, "10.0.0.4:7", "ESTABLISHED"] in found

        found = table(page, "netstat-macos")
        assert ["server", "tcp4", "0", "0", "*.7", "*.*", "LISTEN"] in found
        assert ["server", "tcp4", "0", "0", "10.0.0.4.7", f"{host}.{port}", "ESTABLISHED"] in found

        found = table(page, "netstat-windows")
        assert ["server", "TCP", "0.0.0.0:7", "0.0.0.0:0", "LISTENING"] in found
        assert ["server", "TCP", "10.0.0.4:7", peer, "ESTABLISHED"] in found
        assert sleeps(director.state, client, "read")


def test_what_a_tool_cannot_see_is_told(page: Page, served: Server) -> None:
    with directed(served, "step") as director:
        server = director.start("server", "echo_server", "7", admin=True)
        director.step_until("it is held before accept()", lambda state: held_before(state, server, "accept"))
        director.connect("client-a")
        while not rows(director.state, host="server", state="ESTABLISHED", inode=0):
            release_other(director, server)
        visit(page, director)
        page.get_by_role("button", name="Sockets as a table").click()
        assert ["server", "ESTAB"] in [row[:2] for row in table(page, "ss")]
        assert not any(row[0] == "server" and "ESTABLISHED" in row[-1] for row in table(page, "lsof-macos"))
        expect(page.locator("#tables .more")).to_contain_text("Not listed: 1. lsof lists file descriptors")


# The wall


def test_a_black_screen_hides_all_and_the_next_key_only_brings_it_back(page: Page) -> None:
    page.goto("/r/three-clients-one-port?seq=60&view=projector")
    moment = page.locator("[data-moment]")
    expect(moment).to_contain_text("seq 60 of")
    for key in ("b", "."):
        page.keyboard.press(key)
        expect(page.locator("html")).to_have_attribute("data-black", "")
        covered = "() => { const cover = getComputedStyle(document.documentElement, '::after');"
        assert page.evaluate(covered + "return [cover.position, cover.backgroundColor] }") == ["fixed", "rgb(0, 0, 0)"]
        page.keyboard.press("PageDown")
        expect(page.locator("html")).not_to_have_attribute("data-black", "")
        expect(moment).to_contain_text("seq 60 of")
    page.keyboard.press("PageDown")
    expect(moment).to_contain_text("seq 61 of")
    page.keyboard.press("PageUp")
    expect(moment).to_contain_text("seq 60 of")


def test_the_stage_comes_nearer_and_goes_back(page: Page) -> None:
    page.goto("/r/three-clients-one-port?seq=60&view=projector")
    card = page.locator(".shape[data-kind=socket]").first
    expect(card).to_be_visible()
    width = "one => one.getBoundingClientRect().width"
    before = card.evaluate(width)
    page.keyboard.press("+")
    assert abs(card.evaluate(width) / before - 1.25) < 0.02
    page.get_by_role("button", name="Nearer").click()
    assert card.evaluate(width) > before * 1.5
    left = card.bounding_box()
    page.keyboard.press(">")
    right = card.bounding_box()
    assert left
    assert right
    assert right["x"] < left["x"]
    page.keyboard.press("0")
    assert abs(card.evaluate(width) - before) < 0.5
    page.locator("[data-stage]").hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_function("document.querySelector('#stage').hasAttribute('data-zoomed')")
    assert card.evaluate(width) > before * 1.2
    page.keyboard.press("-")
    page.keyboard.press("-")
    page.keyboard.press("-")
    expect(page.locator("#stage")).not_to_have_attribute("data-zoomed", "")


# The sentence


def test_the_sentence_is_never_that_of_an_earlier_picture(page: Page, served: Server) -> None:
    with directed(served, "step") as director:
        server = director.start("server", "echo_server", "7", admin=True)
        director.step_until("it is held before accept()", lambda state: held_before(state, server, "accept"))
        director.connect("client-a")
        while not (waiting := rows(director.state, host="server", state="ESTABLISHED", inode=0)):
            release_other(director, server)
        cookie = waiting[0]["socket"]
        director.step_until("accepted", lambda state: state["sockets"][cookie]["inode"] != 0)
        given = next(line for line in director.lines if line.get("socket") == cookie and line.get("owners"))
        seq, owner = given["seq"], given["owners"][0]
        director.do("pace.set", pace="live")
        director.until("live", lambda state: state["pace"] == "live")
        visit(page, director)
        page.locator("[data-scrub]").fill(str(seq))
        said = page.locator("[data-narration]")
        expect(said).to_contain_text(re.compile(rf"fd {owner['fd']}\b"))
        expect(said).not_to_contain_text("no file descriptor")
        live = next(line["seq"] for line in director.lines if line.get("pace") == "live")
        page.locator("[data-scrub]").fill(str(live))
        expect(page.locator("[data-moment]")).to_contain_text(f"seq {live} of")
        expect(said).not_to_contain_text("nothing is held")


# The ladder's time, and the transcript


def test_the_ladder_tells_each_moment_and_can_be_drawn_in_real_time(page: Page) -> None:
    page.goto("/r/handshake-by-steps?seq=90")
    shows(page, 90)
    rungs = page.locator(".ladder .rung:not([data-later])")
    lines = recorded("handshake-by-steps")
    assert rungs.count() >= 5
    for rung in rungs.all():
        told = rung.locator(".moment").text_content()
        assert told == f"{lines[int(rung.get_attribute('data-seq') or 0) - 1]['t'] / 1e9:.6f}"
    steps = [b - a for a, b in pairwise(places(page))]
    assert max(steps) - min(steps) < 1, "equal steps"

    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Real time")).to_have_attribute("aria-pressed", "true")
    drawn(page)
    assert in_proportion(page, lines) > 1
    before = places(page)
    page.get_by_role("button", name="Less time in sight").click()
    drawn(page)
    in_proportion(page, lines)
    assert places(page) != before
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Less time in sight")).to_be_hidden()
    drawn(page)
    steps = [b - a for a, b in pairwise(places(page))]
    assert max(steps) - min(steps) < 1


def places(page: Page) -> list[float]:
    """The heights of the rows in sight."""
    script = "all => all.map(rung => rung.transform.baseVal[0].matrix.f)"
    heights: list[float] = page.locator(".ladder .rung").evaluate_all(script)
    return sorted(heights)


def in_proportion(page: Page, lines: list[dict[str, Any]]) -> int:
    """Rows stand as far apart as their moments are, all by the same scale; returns how many there are."""
    script = "all => all.map(rung => [Number(rung.dataset.seq), rung.transform.baseVal[0].matrix.f])"
    rows = sorted(page.locator(".ladder .rung").evaluate_all(script))
    scales = [(lines[b - 1]["t"] - lines[a - 1]["t"]) / (below - above) for (a, above), (b, below) in pairwise(rows)]
    assert max(scales) == pytest.approx(min(scales), rel=0.01)
    return len(rows)


def recorded(name: str) -> list[dict[str, Any]]:
    with gzip.open(folder("static") / "recordings" / f"{name}.jsonl.gz", "rt") as file:
        return [line for line in map(json.loads, file) if "seq" in line]


def test_the_transcript_is_read_gone_back_to_and_copied(page: Page, served: Server) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served.address)
    page.goto("/r/handshake-by-steps?seq=98")
    shows(page, 98)
    page.get_by_role("button", name="Transcript").click()
    sentences = page.locator("#transcript li")
    expect(sentences.last).to_have_text("seq 98python3 on client-a hands 5 bytes to the kernel for fd 3: send().")
    expect(sentences.last).to_be_in_viewport()
    said = sentences.last.inner_text().split("\n")[-1]
    count = sentences.count()
    assert count > 15
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert len(copied) == count
    assert re.fullmatch(rf"0\.\d{{6}}  {re.escape(said)}", copied[-1])

    earlier = sentences.nth(9)
    seq = int(earlier.get_by_role("button").inner_text().removeprefix("seq "))
    earlier.get_by_role("button").click()
    shows(page, seq)
    expect(sentences).to_have_count(10)
    expect(page).to_have_url(re.compile(rf"seq={seq}&view=transcript|view=transcript&seq={seq}"))


def test_a_page_that_came_without_tls_copies_too(page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto("/r/refused?seq=40&view=transcript")
    shows(page, 40)
    page.evaluate("document.addEventListener('copy', () => (window.copied = document.activeElement.value))")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "asks the kernel" in page.evaluate("window.copied")


TOUCHING = """() => [...document.querySelectorAll('.ladder .rung')].flatMap(rung => {
  const texts = [...rung.querySelectorAll('text')].filter(text => text.textContent !== '')
    .map(text => ({ words: text.textContent, x: text.getBoundingClientRect().x,
                    right: text.getBoundingClientRect().right }))
    .sort((one, other) => one.x - other.x);
  return texts.slice(1).filter((other, before) => texts[before].right > other.x + 1)
    .map((other) => `${other.words} is touched`);
})"""


@pytest.mark.parametrize("size", ["1440x900", "390x844"])
def test_the_words_of_a_row_of_the_ladder_do_not_touch(browser: Browser, served: Server, size: str) -> None:
    with opened(browser, served, size) as page:
        for name in sorted(RUNS)[::2]:
            page.goto("/replay?view=ladder")
            page.set_input_files("input[data-open]", path_of(name))
            if size == "390x844":
                page.get_by_role("button", name="Ladder", exact=True).click()
            page.keyboard.press("End")
            expect(page.locator(".ladder .rung").first).to_be_attached()
            ladder = page.locator("[data-ladder]")
            whole, seen = ladder.evaluate("home => [home.scrollHeight, home.clientHeight]")
            for top in range(0, whole, max(100, seen - 40)):
                ladder.evaluate("(home, top) => { home.scrollTop = top; }", top)
                drawn(page)
                assert page.evaluate(TOUCHING) == [], name
