// A minute to think, counted down where the room can see it.

import { text } from "../dom/svg.js";

const SECONDS = 60;

export class Timer {
  #end = 0;
  #ticking = 0;

  /**
   * @param {HTMLElement} home
   * @param {() => void} changed another second
   */
  constructor(home, changed) {
    this.home = home;
    this.changed = changed;
  }

  /** The time that is left, such as "0:42"; empty: it does not run. */
  get words() {
    if (!this.#end) return "";
    const left = Math.max(0, Math.ceil((this.#end - performance.now()) / 1000));
    return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }

  /** Begins, or ends it. */
  press() {
    window.clearInterval(this.#ticking);
    this.#end = this.#end ? 0 : performance.now() + 1000 * SECONDS;
    if (this.#end) this.#ticking = window.setInterval(() => this.#draw(), 250);
    this.#draw();
  }

  #draw() {
    const { words } = this;
    if (this.home.textContent === words) return;
    text(this.home, words);
    this.home.hidden = words === "";
    this.changed();
  }
}
