"""What people do first, in Firefox and in WebKit: nothing is cut off, nothing is lost, nothing goes wrong unheard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.drivers import Engine, firefox, webkit
from tests.web.conftest import Server

CUT_OFF = """[...document.querySelectorAll('.program, .program *, [data-next-bar], .time, .time *')]
  .filter((one) => one.checkVisibility() && !one.closest('.hush') && one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.className)"""
WIDER = """[...document.querySelectorAll('.program, #controls, .time')]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1).map((one) => one.className)"""
OPEN = "document.querySelector('[data-link]')?.dataset.link === 'open'"


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with Server(SOCKETLAB_SANDBOXES_PER_VISITOR="64") as running:
        yield running


@pytest.fixture(scope="module", params=[firefox, webkit])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """One window for all the tests, as a browser is used."""
    with request.param() as window:
        yield window


@pytest.fixture
def page(engine: Engine) -> Iterator[Engine]:
    yield engine
    assert engine.ask("window.complaints ?? []") == []


def test_the_first_page_answers_its_question(page: Engine, served: Server) -> None:
    page.open(served.address)
    page.until("document.querySelector('[data-count]').innerText.includes('3 clients, 4 sockets')")
    assert page.ask("document.documentElement.scrollWidth <= innerWidth")
    assert page.ask("document.querySelectorAll('.card a').length") > 20


def test_a_server_is_started_connected_to_and_killed(page: Engine, served: Server) -> None:
    page.open(f"{served.address}/play")
    page.until(OPEN)
    page.click("[data-action='always-now']")
    page.click("[data-quick='server']")
    page.until("document.querySelector('.shape[data-kind=socket][data-state=LISTEN]')")
    page.click("[data-quick='client']")
    page.until("document.querySelectorAll('.shape[data-kind=socket][data-state=ESTABLISHED]').length >= 2")
    page.until("document.querySelectorAll('.program').length >= 2")
    assert page.ask(CUT_OFF) == []
    assert page.ask(WIDER) == []
    page.click(".program input[name=text]")
    page.click(".program [data-ask=signal-KILL]")
    page.until("document.querySelector('.program[data-life=exited]')")
    page.click("[data-action='back']")
    page.until("document.querySelector('[data-moment]').innerText.includes('looking back')")
    page.click("[data-action='now']")
    page.until("document.querySelector('[data-action=now]').disabled")


def test_a_recording_is_walked_by_beats(page: Engine, served: Server) -> None:
    page.open(f"{served.address}/r/three-clients-one-port?seq=60")
    page.until("document.querySelector('[data-moment]').innerText.includes('seq 60 of')")
    page.click("[data-action='next']")
    page.until("document.querySelector('[data-moment]').innerText.includes('seq 61 of')")
    page.click("[data-action='back']")
    page.until("document.querySelector('[data-moment]').innerText.includes('seq 60 of')")
    page.click(".shape[data-kind=socket][data-state=LISTEN]")
    page.until("document.querySelector('#evidence-title').innerText.includes('socket on server')")


def test_a_step_of_a_lab_is_done_by_its_one_button(page: Engine, served: Server) -> None:
    page.open(f"{served.address}/labs/01-port-or-socket")
    page.ask("localStorage.setItem('follow', 'now') ?? true")
    page.open(f"{served.address}/labs/01-port-or-socket")
    does = "document.querySelector('[data-next-bar] button').dataset.does"
    page.until(f"{does} === 'start'")
    page.click("[data-next-bar] button")
    page.until(f"{does} === 'guess'")
    page.click("#step-1 [data-unknown]")
    page.until(f"{does} === 'run'")
    page.click("[data-next-bar] button")
    page.until("document.querySelector('#step-1').dataset.settled !== undefined")
    page.until("document.querySelector('#step-1 .says')?.innerText.includes('The kernel says')")
    assert page.ask(CUT_OFF) == []
