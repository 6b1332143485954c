"""How a lab is played on its page: begun, predicted, run, explained, and gone on with, as people do it."""

from __future__ import annotations

import re
from contextlib import suppress

from playwright.sync_api import Page, expect

from server.lessons.model import Lab, Predict, Step
from tests.ours import lab_of

LAB = lab_of("03-one-port-many-sockets")


def start(page: Page, lab: Lab) -> None:
    page.goto(f"/labs/{lab.name}")
    page.click("#lab-start")
    expect(page.locator("[data-link]")).to_have_attribute("data-link", "open")


def play(page: Page, lab: Lab, guess: str, first: int = 1, last: int | None = None) -> None:
    """Do a lab's steps; the page stands at the first of them."""
    for step in lab.steps[first - 1 : last]:
        expect(page.locator(f"#step-{step.number}")).to_be_visible()
        predict(page, step, guess)
        begin(page, step)
        finish(page, step, guess)
    if last is None:
        expect(page.locator("#summary")).to_be_visible()


def predict(page: Page, step: Step, guess: str) -> None:
    """Answer all questions before the run: rightly, wrongly, or not at all."""
    for index, question in enumerate(step.predictions):
        home = f"#predict-{step.number}-{index}"
        if guess == "unknown":
            page.click(f"{home}-unknown")
        elif question.number:
            page.fill(f"{home}-number", right_label(question) or "1" if guess == "right" else "77")
            page.click(f"{home}-send")
        else:
            wanted = next(i for i, option in enumerate(question.options) if option.right == (guess == "right"))
            page.check(f"{home}-{wanted}")
            page.click(f"{home}-send")
        expect(page.locator(f"{home} .kept")).to_be_visible()


def begin(page: Page, step: Step) -> None:
    """Do the step: by the run button, or by asking for every hint until the lab shows the way."""
    if step.task is not None:
        for count in range(1, len(step.hints) + 1):
            page.click(f"#hint-{step.number}")
            expect(page.locator(f"#step-{step.number} .hints .hint:visible")).to_have_count(count)
        page.click(f"#show-{step.number}")
    elif step.actions:
        page.click(f"#run-{step.number}")


def run(page: Page, step: Step) -> None:
    """Do the step, and wait until the kernel has spoken."""
    begin(page, step)
    settled(page, step)


def settled(page: Page, step: Step) -> None:
    """Wait until a step is settled: for as long as its log grows, however slow the machine is."""
    place, before = page.locator(f"#step-{step.number}[data-settled]"), -1
    while (now := seq_of(page)) > before:
        before = now
        with suppress(AssertionError):
            expect(place).to_be_visible()
            return
    raise AssertionError(f"step {step.number} is not settled, and its log ends at seq {before}")


def seq_of(page: Page) -> int:
    """The last seq that a page knows of."""
    return int(page.locator("[data-scrub]").get_attribute("max") or 0)


def finish(page: Page, step: Step, guess: str) -> None:
    """Wait until the step is done, read what the kernel said, and go on."""
    settled(page, step)
    told(page, step, guess)
    explain(page, step)
    page.click(f"#next-{step.number}")


def told(page: Page, step: Step, guess: str) -> None:
    """What the run says to the predictions, and how it is said."""
    for index, question in enumerate(step.predictions):
        answer = page.locator(f"#predict-{step.number}-{index} .answer")
        expect(answer).to_be_visible()
        words = answer.inner_text()
        assert not re.search(r"(?i)\bwrong\b|\bincorrect\b|\bsorry\b|\bright answer\b", words.split("Many people")[0])
        if question.measure is not None:
            assert "The kernel says" in words, words
        right = right_label(question)
        if question.number and right is not None:
            assert f"The kernel says {right}" in words, words
            assert guess != "wrong" or "You said 77." in words, words
        elif guess == "right" and right is not None and question.measure is not None:
            expect(page.locator(f"#predict-{step.number}-{index} .option[data-said][data-chosen]")).to_have_count(1)


def right_label(question: Predict) -> str | None:
    return next((option.label for option in question.options if option.right), None)


def explain(page: Page, step: Step) -> None:
    """Answer the questions after the run with their last option."""
    for index, question in enumerate(step.explanations):
        home = f"#explain-{step.number}-{index}"
        page.check(f"{home}-{len(question.options) - 1}")
        page.click(f"{home}-send")
        expect(page.locator(f"{home} .answer")).to_be_visible()


def places(page: Page, home: str = "#lesson") -> list[str]:
    """The options in there, by their ids, as they are shown."""
    ids: list[str] = page.locator(f"{home} .option input").evaluate_all("inputs => inputs.map(({ id }) => id)")
    return ids


def sandboxes(page: Page) -> list[str]:
    """The ids of the sandboxes of a page's learner."""
    runs = page.request.get("/api/runs").json()["runs"]
    return [run["sandbox"] for run in runs if run["sandbox"]]
