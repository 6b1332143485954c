// The sentence of the moment, what waits for a person, and both for a screen reader.

import { html, join, one, text } from "../dom/svg.js";
import { momentName, waitingWords } from "../words/narration.js";

/** @typedef {import("../log/state.js").Moment} Moment */

const SPEAK_MS = 2000;
const MOST_WAITS = 6;

/** @type {import("./panels.js").Panel} */
export const said = {
  name: "said",
  place: ".narration",
  early: true,
  mount: (home, desk) => new Said(home, desk),
};

class Said {
  /**
   * @param {HTMLElement} home
   * @param {import("./panels.js").Desk} desk
   */
  constructor(home, desk) {
    this.desk = desk;
    this.sentence = one(home, "[data-narration]");
    this.waits = one(home, "[data-waits]");
    this.status = one(desk.root, "[data-status]");
    this.spokenAt = 0;
    this.speaking = 0;
  }

  /** @param {import("./panels.js").Shown} shown */
  draw({ seq }) {
    const { clock, log, recorded, watching } = this.desk;
    const { state } = log.head;
    const past = clock.mode !== "now" || recorded;
    const moments = past || watching || state.pace !== "step" ? [] : Object.values(state.moments);
    this.#offer(moments.length > 1 ? moments.slice(0, MOST_WAITS) : []);
    const waits = past || state.pace === "live" ? "" : waitingWords(state, log);
    const words = this.#words(seq);
    text(this.sentence, words);
    this.#speak(waits && state.pace === "step" ? `${words} Now waits: ${waits}.` : words);
  }

  /** What the beat says that is on; of a scene that was passed through at once, what it was about. @param {number} seq */
  #words(seq) {
    const { clock, log, walk } = this.desk;
    if (clock.mode === "playing" && clock.gait === "scenes") return walk.passage(seq).words;
    const told = clock.summedUp || walk.words(walk.at(seq), seq);
    if (told) return told;
    const note = log.said(seq)?.note;
    return note && (!note.aside || log.head.state.pace !== "live") ? note.text : this.desk.opening;
  }

  /** When several moments wait, the person chooses which goes first. @param {Moment[]} moments */
  #offer(moments) {
    join(
      this.waits,
      moments,
      (moment) => String(moment.moment),
      (moment) => html("button", { type: "button", class: "chip", "data-ask": "release", "data-value": moment.moment }),
      (button, moment) => text(button, momentName(moment, this.desk.log)),
    );
  }

  /** At most one sentence in two seconds goes to the screen reader; the last one always does. @param {string} words */
  #speak(words) {
    const wait = this.spokenAt + SPEAK_MS - performance.now();
    window.clearTimeout(this.speaking);
    if (wait > 0) {
      this.speaking = window.setTimeout(() => this.#speak(words), wait);
      return;
    }
    if (this.status.textContent === words) return;
    this.status.textContent = words;
    this.spokenAt = performance.now();
  }
}
