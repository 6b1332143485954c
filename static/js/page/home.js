// The first page: a recorded run answers the page's question on a stage, scene by scene, and begins again. What is
// pointed at there opens in the recording itself.

import { one, set, text } from "../dom/svg.js";
import { Log } from "../log/log.js";
import { Replay } from "../log/replay.js";
import { Picture } from "../stage/picture.js";
import { sizes } from "../stage/view.js";
import { Clock } from "../story/clock.js";
import { Walk } from "../story/walk.js";
import { countAtPort } from "../words/count.js";
import { narrate } from "../words/narration.js";
import { start as startSite } from "./site.js";

/** How long the answer stays before it all begins again. */
const REST_MS = 8000;
/** Who opens the page is to have the answer within twenty seconds. */
const SPEED = 2;

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
  clock.speed = SPEED;
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
    else clock.seek(answer());
  }

  /** @param {number} seq @param {number} from */
  function draw(seq, from) {
    if (log.end === 0) return;
    window.clearTimeout(rest);
    const over = clock.mode !== "playing";
    if (going && over) rest = window.setTimeout(round, REST_MS);
    picture.draw(log, seq, from, sizes(innerWidth, innerHeight, false, false), "");
    const scene = walk.sceneAt(seq);
    text(one(hero, "[data-narration]"), clock.mode === "playing" ? walk.heading(scene) : walk.words(walk.at(seq), seq));
    text(one(hero, "[data-count]"), countAtPort(log.at(seq).state, seq >= answer()));
    set(button, { "aria-pressed": going ? "true" : "false" });
    text(one(hero, "[data-play-words]"), going ? "Pause" : "Play");
  }

  /** The moment that answers the question: the last connection is made. */
  function answer() {
    const last = walk.scenes.map(({ purpose }) => purpose).lastIndexOf("connect");
    return last < 0 ? log.end : walk.sceneStop(last);
  }

  /** From where the server listens: before that, there is little to see. */
  function round() {
    clock.seek(log.marks[0]?.seq ?? 1);
    play();
  }

  function play() {
    clock.toggle();
    clock.walkBy("scenes");
    clock.restAt(answer());
  }

  /** @param {string} key */
  function choose(key) {
    location.assign(`${hero.dataset.hero}?seq=${clock.shown}&at=${encodeURIComponent(key)}`);
  }

  button.addEventListener("click", () => {
    going = !going;
    if (!going) clock.seek(clock.seq);
    else if (clock.seq >= answer()) round();
    else play();
  });
  replay.fetch(`${hero.dataset.hero}/recording.jsonl.gz`);
}
