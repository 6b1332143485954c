// The bar at the foot of the lesson: its one button is the one thing to do next. It stands for a button or a form of the
// lesson and presses that, so that nothing can be done in two ways.

import { one, set, text } from "../dom/svg.js";

/** @typedef {import("../words/next.js").Next} Next */

export class NextBar {
  /**
   * @param {HTMLElement} home
   * @param {{skip: () => void, show: () => void}} does `show` brings the part of the lesson that the run is at
   */
  constructor(home, does) {
    this.home = home;
    this.does = does;
    this.button = /** @type {HTMLButtonElement} */ (one(home, "button"));
    this.words = one(home, "[data-next-status]");
    /** @type {Next} */
    this.next = { does: "", label: "", target: "", words: "" };
    /** The step whose task was led to, and the line that was typed in it since. */
    this.led = "";
    /** @type {HTMLFormElement | null} */
    this.typed = null;
    this.button.addEventListener("click", () => this.press());
    for (const kind of ["input", "submit"])
      document.addEventListener(kind, ({ target }) => this.#typed(kind, /** @type {Element} */ (target)));
    addEventListener("hashchange", () => this.draw(this.next));
  }

  /** @param {Next} next */
  draw(next) {
    this.next = next;
    this.button.hidden = next.does === "";
    set(this.button, { "data-does": next.does || null });
    const other = this.#other();
    text(one(this.button, "[data-next-label]"), (other?.textContent ?? next.label).trim());
    text(this.words, next.words);
  }

  /** Does it. */
  press() {
    const { does, target } = this.next;
    if (does === "skip") {
      this.does.skip();
      return;
    }
    const other = this.#other();
    if (other) {
      other.click();
      this.draw(this.next);
      return;
    }
    if (does !== "start") this.does.show();
    const element = document.getElementById(target);
    if (element instanceof HTMLFormElement) submitOrAsk(element);
    else if (does === "task") {
      this.led = target;
      ask(element?.querySelector(".task") ?? element);
      this.draw(this.next);
    } else element?.click();
  }

  /**
   * In a task that one was led to, what was typed is run; who types nothing gets help. Behind the summary comes another lab.
   * @returns {HTMLElement | null}
   */
  #other() {
    const { does, target } = this.next;
    if (does === "next" && location.hash === "#summary") return document.getElementById("next-lab");
    if (does !== "task" || this.led !== target) return null;
    const step = document.getElementById(target);
    if (this.typed && step?.contains(this.typed)) return this.typed.querySelector("[id$='-go']");
    return step?.querySelector("[data-offer]:not([hidden])") ?? null;
  }

  /** @param {string} kind @param {Element} target */
  #typed(kind, target) {
    const form = target.closest("form.try");
    if (!form) return;
    const line = form.querySelector("[name='text']");
    const wanted = kind === "input" && line instanceof HTMLInputElement && line.value.trim() !== "";
    this.typed = wanted ? /** @type {HTMLFormElement} */ (form) : null;
    this.draw(this.next);
  }
}

/** Sends what somebody has chosen; if that is nothing yet, leads to where it is chosen. @param {HTMLFormElement} form */
function submitOrAsk(form) {
  const choice = new FormData(form).get("choice");
  if (choice === null || String(choice).trim() === "") ask(form);
  else form.requestSubmit(form.querySelector("[id$='-send']"));
}

/** @param {Element | null} element */
function ask(element) {
  element?.scrollIntoView({ block: "center" });
  const input = element?.querySelector("input:not([disabled]):not([readonly]), textarea");
  if (input instanceof HTMLElement) input.focus({ preventScroll: true });
}
