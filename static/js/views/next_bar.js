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
    this.button.addEventListener("click", () => this.press());
  }

  /** @param {Next} next */
  draw(next) {
    this.next = next;
    this.button.hidden = next.does === "";
    set(this.button, { "data-does": next.does || null });
    text(one(this.button, "[data-next-label]"), next.label);
    text(this.words, next.words);
  }

  /** Does it. */
  press() {
    const { does, target } = this.next;
    if (does === "skip") {
      this.does.skip();
      return;
    }
    if (does !== "start") this.does.show();
    const element = document.getElementById(target);
    if (element instanceof HTMLFormElement) submitOrAsk(element);
    else if (does === "task") ask(element?.querySelector(".task") ?? element);
    else element?.click();
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
