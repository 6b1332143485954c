// Which part of the lesson is shown: one step, or all of it; and how a reader gets there. The address names the step, so
// that back and forward are the steps before and after, and a link leads to one.

import { one, text } from "../dom/svg.js";

/** @typedef {import("../words/lesson.js").LessonShown} LessonShown */

/** After so long without a change of the step, its hints are offered aloud. */
const STUCK_MS = 45000;

export class Reading {
  /**
   * @param {HTMLElement} main of the page
   * @param {HTMLElement} home the lesson
   */
  constructor(main, home) {
    this.main = main;
    this.home = home;
    this.whole = true;
    this.at = 1;
    this.stuck = 0;
    /** @type {Set<number> | null} steps that have been seen to be done; null: nothing was drawn yet */
    this.done = null;
    this.narrow = window.matchMedia("(width < 900px)");
    this.#markTab();
    this.narrow.addEventListener("change", () => this.#markTab());
    window.addEventListener("hashchange", () => this.arrive());
    document.addEventListener("click", (event) => {
      if (!(event.target instanceof Element) || !event.target.closest("[data-read]")) return;
      this.whole = !this.whole;
      this.arrive();
    });
    if (this.#named()) this.arrive();
    else this.arrange();
    this.#stuckLater();
  }

  /** On a page that begins in the middle: the step that the learner is at. @param {number} step */
  open(step) {
    this.whole = false;
    this.at = step;
    this.arrange();
  }

  /** On to a step. @param {number} step */
  go(step) {
    this.at = step;
    this.whole = false;
    if (location.hash === `#step-${step}`) this.arrive();
    else location.hash = `step-${step}`;
  }

  /** That step is on the screen. @param {number} step */
  show(step) {
    if (this.whole || this.#wanted() === `step-${step}`) return;
    this.go(step);
  }

  /** The lesson was drawn again. @param {LessonShown} shown */
  drawn(shown) {
    if (shown.at !== this.at && shown.mood === "live") this.at = shown.at;
    const status = one(this.home, "[data-lab-status]");
    if (shown.said && status.textContent !== shown.said) {
      text(status, shown.said);
      this.#stuckLater();
    }
    this.#revealDone(shown);
  }

  /** A step that is done shows what the kernel said, wherever its reader has scrolled to. @param {LessonShown} shown */
  #revealDone(shown) {
    const done = new Set(shown.steps.filter((step) => step.settled).map((step) => step.number));
    const before = this.done;
    this.done = done;
    if (!before || shown.mood !== "live" || before.has(shown.at) || !done.has(shown.at)) return;
    const section = one(this.home, `#step-${shown.at}`);
    const answer = section.querySelector('[data-kind="predict"] .says') ?? section.querySelector(".checks");
    if (!section.hidden) answer?.scrollIntoView({ block: "nearest" });
  }

  /** On a phone the lesson stands below the stage: who is told something must be able to see it. @param {HTMLElement} element */
  reveal(element) {
    if (this.narrow.matches) element.scrollIntoView({ block: "nearest" });
  }

  /** To the top of what is shown, with the focus, as after a link. */
  arrive() {
    this.arrange();
    const section = document.getElementById(this.#wanted());
    if (!section) return;
    this.home.scrollTo({ top: this.whole ? section.offsetTop - this.home.offsetTop : 0 });
    section.focus({ preventScroll: true });
  }

  /** What is not shown is not there for anybody. */
  arrange() {
    const shown = this.#wanted();
    for (const section of this.#sections()) section.hidden = !this.whole && section.id !== shown;
    one(this.home, "#intro").hidden = !this.whole && shown !== "step-1";
    for (const link of this.home.querySelectorAll("#lab-steps a")) {
      const current = link.getAttribute("href") === `#${shown}` && !this.whole;
      if (current) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    }
    one(this.home, "#read-whole").setAttribute("aria-pressed", String(this.whole));
  }

  /** @returns {HTMLElement[]} */
  #sections() {
    return [...this.home.querySelectorAll(".step")].map((section) => /** @type {HTMLElement} */ (section));
  }

  /** The section that the address names. */
  #named() {
    const named = location.hash.slice(1);
    return this.#sections().find((section) => section.id === named)?.id ?? "";
  }

  #wanted() {
    return this.#named() || `step-${this.at}`;
  }

  /** Who has not got on for a while is offered a hint; nothing is taken away by it. */
  #stuckLater() {
    window.clearTimeout(this.stuck);
    delete this.main.dataset.stuck;
    this.stuck = window.setTimeout(() => {
      this.main.dataset.stuck = "";
    }, STUCK_MS);
  }

  /** The lesson is a tab where it has no column of its own; then it, and not the ladder, is what is shown first. */
  #markTab() {
    const tab = this.main.dataset.tab === "lesson" && !this.narrow.matches ? "ladder" : this.main.dataset.tab;
    for (const button of document.querySelectorAll("button[data-tab]"))
      button.setAttribute("aria-pressed", String(button.getAttribute("data-tab") === tab));
  }
}
