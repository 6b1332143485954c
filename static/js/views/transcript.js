// What has happened until the moment on the screen, in sentences: to read, to go back to, and to take along as text.

import { html, icon, join, set, text } from "../dom/svg.js";
import { seconds } from "../words/numbers.js";

/** @typedef {import("./panels.js").Desk} Desk */

/** So many of the last sentences are on the screen; all of them are copied. */
const MOST = 300;
const COPIED_MS = 2500;

/** @type {import("./panels.js").Panel} */
export const transcript = {
  name: "transcript",
  tab: {
    icon: () => icon("list"),
    words: "Transcript",
    label: "Transcript: what has happened, in sentences",
  },
  mount: (home, desk) => new Transcript(home, desk),
};

class Transcript {
  /**
   * @param {HTMLElement} frame
   * @param {Desk} desk
   */
  constructor(frame, desk) {
    this.desk = desk;
    this.frame = frame;
    frame.tabIndex = 0; // It scrolls.
    this.home = html("div", { "data-transcript": true });
    frame.replaceChildren(this.home);
    /** @type {number[]} seqs that have a sentence */
    this.told = [];
    this.read = 0;
    this.seq = -1;
    this.button = html("button", { type: "button", class: "button quiet" }, icon("copy"), html("span", {}, "Copy"));
    this.about = html("span", { class: "about" });
    this.lines = html("ol", { "aria-live": "off" });
    this.home.replaceChildren(html("p", { class: "transcript-head" }, this.about, this.button), this.lines);
    this.button.addEventListener("click", () => this.#copy());
  }

  get log() {
    return this.desk.log;
  }

  /** Another log begins. */
  forget() {
    this.told = [];
    this.read = 0;
    this.seq = -1;
    this.lines.replaceChildren();
  }

  /** @param {{seq: number}} shown */
  draw({ seq }) {
    const count = this.#until(seq);
    if (seq === this.seq && this.lines.childElementCount > 0) return;
    this.seq = seq;
    const shown = this.told.slice(Math.max(0, count - MOST), count);
    const more = count > shown.length ? ` The last ${shown.length} are shown; all are copied.` : "";
    text(this.about, count === 0 ? "Nothing has happened yet." : `${count} sentences until now.${more}`);
    join(
      this.lines,
      shown,
      (at) => String(at),
      (at) => this.#line(at),
      (line, at) => set(line, { "data-now": at === shown[shown.length - 1] }),
    );
    this.frame.scrollTop = this.frame.scrollHeight;
  }

  /** The sentences until the moment on the screen, a line each, with their seconds. */
  words() {
    return this.told
      .slice(0, this.#until(this.seq))
      .map((at) => `${seconds(this.log.events[at - 1].t)}  ${this.log.notes[at - 1]?.text}`)
      .join("\n");
  }

  /** How many sentences there are until a seq. @param {number} seq */
  #until(seq) {
    for (; this.read < this.log.end; this.read += 1) if (this.log.notes[this.read]) this.told.push(this.read + 1);
    const later = this.told.findIndex((at) => at > seq);
    return later < 0 ? this.told.length : later;
  }

  /** @param {number} at */
  #line(at) {
    const button = html("button", { type: "button", class: "link", title: `To seq ${at}` }, `seq ${at}`);
    button.addEventListener("click", () => this.desk.clock.seek(at));
    return html("li", {}, button, html("span", {}, this.log.notes[at - 1]?.text ?? ""));
  }

  async #copy() {
    const done = await copied(this.words());
    const label = /** @type {Element} */ (this.button.lastElementChild);
    text(label, done ? "Copied" : "Select the text and copy it");
    window.setTimeout(() => text(label, "Copy"), COPIED_MS);
  }
}

/** A page that came without TLS has no clipboard; there a selection is copied. @param {string} words */
async function copied(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    const field = html("textarea", { class: "hush", readonly: true });
    field.value = words;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
