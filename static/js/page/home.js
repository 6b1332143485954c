// The first page: a recorded run plays in a loop on a stage. What is pointed at there opens in the recording itself.

import { one, set, text } from "../dom/svg.js";
import { Log } from "../log/log.js";
import { Replay } from "../log/replay.js";
import { Picture } from "../stage/picture.js";
import { sizes } from "../stage/view.js";
import { Clock } from "../story/clock.js";
import { Walk } from "../story/walk.js";
import { narrate } from "../words/narration.js";
import { start as startSite } from "./site.js";

/** How long the last picture stays before it all begins again. */
const REST_MS = 5000;

/** Makes the page work. */
export function start() {
  startSite();
  show(one(document, "[data-hero]"));
}

/** @param {HTMLElement} hero */
function show(hero) {
  const button = /** @type {HTMLButtonElement} */ (one(hero, '[data-action="play"]'));
  const log = new Log(narrate);
  const walk = new Walk(log);
  const clock = new Clock(log, walk, draw);
  const picture = new Picture(one(hero, "[data-stage]"), { choose, point: () => {} }, () => clock.touch());
  const replay = new Replay({ after: () => log.end, onEvents: take, onLink: begin });
  let rest = 0;
  /** Whether it goes on by itself; a person can stop it. */
  let going = !matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** The end of the sandbox itself is left out: it goes round. @param {import("../log/protocol.js").Event[]} events */
  function take(events) {
    log.append(events.filter((event) => event.type !== "sandbox.closed"));
  }

  /** @param {import("../log/stream.js").LinkState} state */
  function begin(state) {
    hero.hidden = state === "refused";
    if (state !== "recording") return;
    text(one(hero, "[data-badge]"), replay.badge);
    button.disabled = false;
    if (going) round();
    else clock.now();
  }

  /** @param {number} seq @param {number} from */
  function draw(seq, from) {
    if (log.end === 0) return;
    window.clearTimeout(rest);
    if (going && clock.mode === "now") rest = window.setTimeout(round, REST_MS);
    picture.draw(log, seq, from, sizes(innerWidth, innerHeight, false, false), "");
    text(one(hero, "[data-narration]"), walk.words(walk.at(seq), seq));
    set(button, { "aria-pressed": going ? "true" : "false" });
    text(one(hero, "[data-play-words]"), going ? "Pause" : "Play");
  }

  /** From where the server listens: before that, there is little to see. */
  function round() {
    clock.seek(log.marks[0]?.seq ?? 1);
    clock.toggle();
  }

  /** @param {string} key */
  function choose(key) {
    location.assign(`${hero.dataset.hero}?seq=${clock.shown}&at=${encodeURIComponent(key)}`);
  }

  button.addEventListener("click", () => {
    going = !going;
    if (!going) clock.seek(clock.seq);
    else if (clock.mode === "now") round();
    else clock.toggle();
  });
  replay.fetch(`${hero.dataset.hero}/recording.jsonl.gz`);
}
