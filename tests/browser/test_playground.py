"""The first page: a person starts a server and clients, and sees what the kernel did."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browsing import Director, directed, held_before, opened, release_other, rows, shows, sleeps, visit
from tests.web.conftest import Server

LISTEN = ".shape[data-kind=socket][data-state=LISTEN]"
ESTABLISHED = ".shape[data-kind=socket][data-state=ESTABLISHED]"
TIMEOUT = 60_000


def test_three_clicks_from_the_first_page_to_the_third_socket_on_port_7(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Start a server").click()
    expect(page.locator(LISTEN)).to_have_count(1, timeout=TIMEOUT)
    expect(page).to_have_url(re.compile(r"/s/\w+$"))
    page.get_by_role("button", name="Connect from client-a").click()
    page.get_by_role("button", name="Connect from client-b").click()
    expect(page.locator(".shape[data-kind=door]").filter(has_text="7 \u00d73")).to_have_count(1, timeout=TIMEOUT)
    expect(page.locator(ESTABLISHED)).to_have_count(4, timeout=TIMEOUT)


def test_the_picture_says_what_the_log_says(page: Page, served: Server) -> None:
    with directed(served) as director:
        director.listen()
        for host in ("client-a", "client-b", "client-a"):
            director.connect(host)
        director.until("three accepted", lambda state: len(accepted(state)) == 3)
        visit(page, director)
        assert keys(page, "socket") == set(director.state["sockets"])
        assert keys(page, "process") == set(director.state["processes"])
        for row in director.state["sockets"].values():
            shape = page.locator(f'[data-key="socket:{row["socket"]}"]')
            expect(shape).to_have_attribute("data-state", row["state"])
            label = shape.get_attribute("aria-label") or ""
            assert row["local"] in label
            for owner in row["owners"]:
                assert f"fd {owner['fd']} of pid {owner['pid']}" in label
                assert page.locator(f'[data-key="fd:{owner["pid"]}:{owner["fd"]}"]').count() == 1


def test_accept_takes_the_waiting_socket_out_of_the_room_and_gives_it_an_fd(page: Page, served: Server) -> None:
    with directed(served, "step") as director:
        server = director.start("server", "echo_server", "7", admin=True)
        director.step_until("it listens", lambda state: rows(state, state="LISTEN"))
        director.step_until("it is held before accept()", lambda state: held_before(state, server, "accept"))
        director.connect("client-a")
        while not (waiting := rows(director.state, host="server", state="ESTABLISHED", inode=0)):
            release_other(director, server)
        cookie = waiting[0]["socket"]
        visit(page, director)
        card = page.locator(f'[data-key="socket:{cookie}"]')
        expect(card).to_have_attribute("data-room", "")
        expect(card.locator(".on-plug")).to_have_text("\u2013")
        director.step_until("accepted", lambda state: state["sockets"][cookie]["inode"] != 0)
        shows(page, director.state["seq"])
        owner = director.state["sockets"][cookie]["owners"][0]
        expect(card).not_to_have_attribute("data-room", "")
        expect(card.locator(".on-plug")).to_have_text(str(owner["fd"]))
        expect(page.locator(f'[data-key="fd:{server}:{owner["fd"]}"]')).to_have_count(1)


def test_step_pace_by_mouse_and_by_keyboard(page: Page) -> None:
    page.goto("/play")
    expect(page.get_by_role("button", name="Start server")).to_be_enabled(timeout=TIMEOUT)
    page.get_by_label("Hold", exact=True).click()
    expect(page.get_by_label("Hold", exact=True)).to_be_checked()
    page.get_by_role("button", name="Start server").click()
    following = page.locator("[data-action=next]")
    expect(following).to_contain_text("socket() of echo_server", timeout=TIMEOUT)
    following.click()
    expect(following).to_contain_text("setsockopt() of echo_server", timeout=TIMEOUT)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    expect(following).to_contain_text("bind() of echo_server", timeout=TIMEOUT)
    page.keyboard.press("n")
    expect(following).to_contain_text("listen() of echo_server", timeout=TIMEOUT)
    page.keyboard.press("1")
    expect(page.get_by_label("Runs", exact=True)).to_be_checked(timeout=TIMEOUT)
    expect(page.locator(LISTEN)).to_have_count(1, timeout=TIMEOUT)


def test_text_goes_there_and_back_and_the_client_closes(page: Page) -> None:
    start_live(page)
    page.get_by_role("button", name="Connect from client-a").click()
    line = page.get_by_label(re.compile("Text for echo_client"))
    line.fill("hello out there")
    line.press("Enter")
    expect(page.locator("[data-programs]")).to_contain_text("echo: hello out there", timeout=TIMEOUT)
    expect(line).to_have_value("")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("[data-programs]")).to_contain_text("code 0", timeout=TIMEOUT)
    expect(page.locator(".shape[data-state=TIME-WAIT]")).to_have_count(1, timeout=TIMEOUT)


def test_kill_ends_the_server_and_its_listening_socket(page: Page) -> None:
    start_live(page)
    page.get_by_role("button", name="Kill").click()
    expect(page.locator("[data-programs]")).to_contain_text("SIGKILL", timeout=TIMEOUT)
    expect(page.locator(LISTEN)).to_have_count(0, timeout=TIMEOUT)


def test_a_second_server_on_the_port_fails_by_name(page: Page) -> None:
    start_live(page)
    page.get_by_role("button", name="Start server").click()
    expect(page.locator("[data-mark=EADDRINUSE]")).to_have_count(1, timeout=TIMEOUT)
    page.get_by_placeholder("filter").fill("eaddrinuse")
    expect(page.locator(".event")).to_have_count(1)
    page.locator(".event").click()
    expect(page.locator("#evidence")).to_contain_text("bind(2)")
    expect(page.locator("#evidence")).to_contain_text("Another socket has that address and port already")


def test_reload_shows_the_same_sandbox_again(page: Page) -> None:
    start_live(page)
    expect(page.locator(".event", has_text="accept sleeps")).to_have_count(1, timeout=TIMEOUT)
    address = page.url
    seq = page.locator("[data-moment]").inner_text()
    page.reload()
    expect(page.locator(LISTEN)).to_have_count(1, timeout=TIMEOUT)
    assert page.url == address
    assert page.locator("[data-moment]").inner_text() == seq


def test_looking_back_changes_the_picture_and_not_what_runs(page: Page, served: Server) -> None:
    with directed(served) as director:
        server = director.listen()
        client = director.connect("client-a")
        director.until("both sleep", lambda state: sleeps(state, client, "read") and sleeps(state, server, "recv"))
        director.until("all was printed", lambda _: len(printed(director)) == 3)
        director.until(
            "the kernel says so", lambda state: [c["blocked"] for c in calls_of(state, server)] == [True, True]
        )
        before = director.sandbox.events()
        visit(page, director)
        listening = next(line["seq"] for line in director.lines if line.get("state") == "LISTEN")
        page.locator("[data-scrub]").fill(str(listening - 1))
        expect(page.locator(LISTEN)).to_have_count(0)
        expect(page.locator("[data-moment]")).to_contain_text("looking back")
        page.locator("[data-scrub]").fill(str(listening))
        expect(page.locator(LISTEN)).to_have_count(1)
        expect(page.locator(ESTABLISHED)).to_have_count(0)
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("End")
        expect(page.locator(ESTABLISHED)).to_have_count(2)
        assert director.sandbox.events() == before


def test_evidence_of_packet_call_and_socket(page: Page, served: Server) -> None:
    with directed(served, "step") as director:
        director.listen()
        director.connect("client-a")
        director.step_until("a SYN is on the wire", lambda state: state["packets"])
        visit(page, director)
        page.locator(".shape[data-kind=packet]").click()
        drawer = page.locator("#evidence")
        expect(drawer).to_contain_text("Packet 1: SYN")
        expect(drawer).to_contain_text("Sequence number")
        sent = next(line for line in director.lines if line["type"] == "packet.sent")
        expect(drawer.locator("tr", has_text="Sequence number")).to_contain_text(str(sent["sequence"]))
        expect(drawer.locator(".hex")).to_contain_text("45 00 00 3c")
        page.locator(LISTEN).click(position={"x": 60, "y": 14})
        row = rows(director.state, state="LISTEN")[0]
        expect(drawer).to_contain_text(f"Cookie{row['socket']}")
        expect(drawer).to_contain_text(f"Inode{row['inode']}")
        page.get_by_placeholder("filter").fill("connect(")
        page.locator(".event").first.click()
        expect(drawer).to_contain_text("connect(2)")
        expect(drawer).to_contain_text("10.0.0.4:7")
        expect(drawer).to_contain_text("echo_client.py line")
        page.keyboard.press("Escape")
        expect(drawer).to_be_hidden()


def test_a_hosts_card_lists_what_is_not_as_by_default_and_why(page: Page, served: Server) -> None:
    with directed(served) as director:
        director.do("sysctl.set", host="server", name="net.ipv4.tcp_fin_timeout", value="20")
        visit(page, director)
        page.locator(".shape[data-key='host:server']").click(position={"x": 30, "y": 8})
        drawer = page.locator("#evidence")
        expect(drawer).to_contain_text("Host server")
        asked = drawer.locator("tr", has_text="net.ipv4.tcp_fin_timeout")
        expect(asked).to_contain_text(re.compile(r"20, by default \d+\. Somebody has set it\."))
        windows = drawer.locator("tr", has_text="net.ipv4.tcp_rmem")
        expect(windows).to_contain_text("A larger window would make the wire lose segments")
        retries = drawer.locator("tr", has_text="net.ipv4.tcp_syn_retries")
        expect(retries).to_have_count(0)
        director.do("pace.set", pace="step")
        expect(retries).to_contain_text(re.compile(r"20, by default \d+\. Something is held: a SYN may wait"))
        director.do("pace.set", pace="live")
        expect(retries).to_have_count(0)


def test_a_packet_is_dropped_from_its_evidence_and_sent_again_by_the_kernel(page: Page, served: Server) -> None:
    with directed(served, "step") as director:
        director.listen()
        director.connect("client-a")
        director.step_until("a SYN is on the wire", lambda state: state["packets"])
        visit(page, director)
        page.locator(".shape[data-kind=packet]").click()
        page.locator("#evidence").get_by_role("button", name="Drop").click()
        director.until("dropped", lambda _: any(line["type"] == "packet.dropped" for line in director.lines))
        director.until("sent again", lambda _: any(line.get("repeats") for line in director.lines))
        shows(page, director.state["seq"])
        expect(page.locator("[data-mark=dropped]")).not_to_have_count(0)


def test_a_refusal_is_told_where_it_was_asked_for(page: Page) -> None:
    start_live(page)
    open_catalogue(page)
    page.locator("select[name=program]").select_option("")
    page.locator("input[name=argv]").fill("no-such-program 1")
    page.locator("form.start").get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("[data-refusal]")).to_be_visible(timeout=TIMEOUT)
    expect(page.locator("[data-refusal]")).to_contain_text("no-such-program")


def test_the_catalogue_follows_the_chosen_program(page: Page) -> None:
    start_live(page)
    open_catalogue(page)
    expect(page.get_by_label("Arguments")).to_have_value("10.0.0.4 7", timeout=TIMEOUT)
    page.locator("select[name=host]").select_option("server")
    page.locator("select[name=program]").select_option("udp_echo_server")
    expect(page.get_by_label("Arguments")).to_have_value("7", timeout=TIMEOUT)
    expect(page.locator("select[name=host]")).to_have_value("server")
    page.locator("form.start").get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".shape[data-kind=door]").filter(has_text="7 udp")).to_have_count(1, timeout=TIMEOUT)


def test_somebody_elses_sandbox_is_told_and_not_shown(browser: Browser, served: Server) -> None:
    with directed(served) as director:
        director.listen()
        context = browser.new_context(base_url=served.address)
        page = context.new_page()
        page.goto(f"/s/{director.sandbox.id}")
        expect(page.get_by_text("There is no sandbox of yours at this address.")).to_be_visible(timeout=TIMEOUT)
        expect(page.get_by_role("link", name="Open a new playground")).to_be_visible()
        assert keys(page, "socket") == set()
        context.close()


def test_a_lost_server_is_told_and_controls_wait(browser: Browser) -> None:
    with Server() as server:
        context = browser.new_context(base_url=server.address)
        page = context.new_page()
        page.goto("/play")
        expect(page.get_by_role("button", name="Start server")).to_be_enabled(timeout=TIMEOUT)
        server.process.kill()
        server.process.wait(60)
        assert server.process.stdout is not None
        server.process.stdout.close()
        expect(page.locator("[data-overlay]")).to_contain_text("Connection lost", timeout=TIMEOUT)
        expect(page.get_by_role("button", name="Start server")).to_be_disabled()
        context.close()


def test_the_whole_way_by_keyboard_alone(browser: Browser, served: Server) -> None:
    with directed(served) as director, opened(browser, served) as page:
        director.listen()
        visit(page, director)
        page.locator("svg.stage").focus()
        page.keyboard.press("Enter")
        seen = set()
        for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"):
            seen.add(page.evaluate("document.activeElement.getAttribute('data-key')"))
            page.keyboard.press(key)
        assert len(seen) > 3
        page.locator(LISTEN).focus()
        page.keyboard.press("Enter")
        expect(page.locator("#evidence")).to_contain_text("tcp socket on server")
        page.keyboard.press("e")
        assert page.evaluate("document.activeElement.id") == "evidence-title"
        page.keyboard.press("Escape")
        expect(page.locator("#evidence")).to_be_hidden()
        page.keyboard.press("?")
        expect(page.locator("dialog#keys")).to_be_visible()
        page.get_by_label("single-letter keys").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("v")
        assert page.evaluate("document.documentElement.dataset.view") is None


def test_the_theme_is_kept_and_right_from_the_first_paint(page: Page) -> None:
    page.goto("/")
    button = page.locator("[data-action=theme]")
    button.click()
    button.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    answer = page.request.get("/play")
    assert 'data-theme="dark"' in answer.text()


# ---- helpers


def calls_of(state: dict[str, Any], pid: int) -> list[dict[str, Any]]:
    """The calls that the threads of a process are in."""
    return list(state["processes"][str(pid)]["calls"].values())


def start_live(page: Page) -> None:
    page.goto("/play")
    expect(page.get_by_role("button", name="Start server")).to_be_enabled(timeout=TIMEOUT)
    page.keyboard.press("1")
    expect(page.get_by_label("Runs", exact=True)).to_be_checked(timeout=TIMEOUT)
    page.get_by_role("button", name="Start server").click()
    expect(page.locator(LISTEN)).to_have_count(1, timeout=TIMEOUT)
    expect(page.locator("[data-programs]")).to_contain_text("listening on", timeout=TIMEOUT)


def open_catalogue(page: Page) -> None:
    """Open the panel, and wait until htmx has not only put it there but listens to it."""
    page.get_by_text("Start any program").click()
    page.wait_for_function(
        "() => document.querySelector('[data-catalogue] form')?.['htmx-internal-data']?.listenerInfos?.length > 0"
    )


def keys(page: Page, kind: str) -> set[str]:
    """What the stage shows of a kind, by the kernel's own keys."""
    found = page.locator(f'.shape[data-kind="{kind}"]').evaluate_all("all => all.map(one => one.dataset.key)")
    return {key.partition(":")[2] for key in found}


def accepted(state: dict) -> list[dict]:
    return [row for row in rows(state, host="server", state="ESTABLISHED") if row["inode"]]


def printed(director: Director) -> list[dict]:
    return [line for line in director.lines if line["type"] == "process.output"]
