// The screen of every page that has a stage: stream → log → clock → layout → stage and its companions.
// A page has one screen, so its parts stand at the top of this module; what differs from page to page comes in
// as a `Page`.

import { Clock } from "../log/clock.js";
import { Commands } from "../log/commands.js";
import { Log } from "../log/log.js";
import { REASON } from "../log/replay.js";
import { Picture } from "../stage/picture.js";
import { EventList } from "../views/events.js";
import { evidence } from "../views/evidence.js";
import { Ladder } from "../views/ladder.js";
import { drawPrograms } from "../views/programs.js";
import { momentName, narrate, waitingWords } from "../words/narration.js";
import { Light, subjects } from "../words/relations.js";
import { readAddress, writeAddress } from "./address.js";
import { bindControls, projector, showTab } from "./controls.js";
import { bindExports, offerDownloads } from "./exports.js";
import "./site.js";
import { html, join, one, set, text } from "../dom/svg.js";
import { Stream } from "../log/stream.js";
import { measure, sizes } from "../stage/view.js";
import { Source } from "../views/source.js";
import { drawTable, lightTable } from "../views/tables.js";
import { Transcript } from "../views/transcript.js";

/** @typedef {import("../stage/layout.js").Layout} Layout */
/** @typedef {import("../log/replay.js").Replay} Replay */
/** @typedef {import("../log/stream.js").LinkState} LinkState */
/** @typedef {import("../log/stream.js").Problem} Problem */
/**
 * @typedef {object} Page what differs from page to page
 * @property {boolean} recorded whether it shows a recording instead of a sandbox
 * @property {() => string} opening what is said before anything has happened
 * @property {(state: LinkState) => string} link what the badge of the connection says
 * @property {() => Node[]} instead what is offered when there is no sandbox any more
 * @property {() => string} name what exported files are called
 * @property {(state: LinkState) => void} [onLink]
 * @property {(known: number) => void} [onEvents] with the number of hosts that were known before
 */

const SPEAK_MS = 2000;
const MOST_MARKS = 120;
const MOST_WAITS = 6;
/** More events than this at once are a flood; then rows are drawn so often. */
const FLOOD = 500;
const ROWS_MS = 1000;
const ARRIVE_MS = 3000;

const main = one("main");
const FIRST_TAB = main.dataset.tab ?? "";
export const log = new Log(narrate);
export const clock = new Clock(log, (seq, from) => draw(seq, from));
const picture = new Picture(one("[data-stage]"), log, () => clock.touch());
const ladder = new Ladder(one("[data-ladder]"), log, measure);
const transcript = new Transcript(one("[data-transcript]"), log);
const list = new EventList(one("[data-rows]"), one("[data-kinds]"), one("[data-filter]"), log);

/** @type {Page} */
let page;
/** @type {Stream | Replay | null} */
let stream = null;
/** @type {Commands | null} */
let commands = null;
/** @type {Source} */
let source;
let chosen = "";
let pointed = "";
let peer = "";
/** @type {import("./address.js").Place | null} what the address asks for, until it is there */
let asked = readAddress();
let spokenAt = 0;
let speaking = 0;
let rowsAt = 0;
let rowsLater = 0;

export const desk = {
  log,
  clock,
  ladder,
  commands: () => commands,
  chosen: () => chosen,
  choose,
  redraw: () => clock.touch(),
};

/** The source of events of this page: its face is what a stream or a replay is made with. */
export const face = { after: () => log.end, onEvents: take, onLink: linkChanged };

/** Makes the page work; a stream or a replay comes by `connect` or `show`. @param {Page} its */
export function openScreen(its) {
  page = its;
  source = new Source(one("[data-source]"), log, !page.recorded);
  bindControls(desk);
  document.addEventListener("stage:point", (event) => {
    pointed = /** @type {CustomEvent} */ (event).detail.key;
    light();
  });
  document.addEventListener("table:tool", () => clock.touch());
  bindExports({
    stage: one("[data-stage]"),
    place,
    caption: () => one("[data-narration]").textContent ?? "",
    name: () => `${page.name()}-${clock.shown}`,
  });
}

/** The form that starts any program offers the hosts that there are. @param {string[]} names */
export function offerHosts(names) {
  const query = names.map((name) => `hosts=${encodeURIComponent(name)}`).join("&");
  const catalogue = one("[data-catalogue]");
  catalogue.setAttribute("hx-get", `/panels/catalogue?${query}`);
  /** @type {any} */ (window).htmx?.process(catalogue);
}

/** Follows a sandbox. @param {string} id */
export function connect(id) {
  const live = new Stream(id, face);
  show(live);
  offerDownloads(`/api/sandboxes/${id}`, `socketlab-${id}`);
  live.connect();
}

/** @param {Stream | Replay} source made with `face` */
export function show(source) {
  stream = source;
  commands = new Commands(source);
}

// ---- drawing

/**
 * Everything on the screen is a function of the log, a seq and the view.
 * @param {number} seq
 * @param {number} from the seq that was on the screen before
 */
function draw(seq, from) {
  if (log.end === 0) {
    drawTime(seq); // The hosts that the page was served with stay until the sandbox tells its own.
    return;
  }
  const scene = log.at(seq);
  const live = clock.mode === "now" && stream?.state === "open" && scene.state.closed === null;
  const { view, wall } = document.documentElement.dataset;
  const drawn = picture.draw(seq, from, sizes(innerWidth, innerHeight, view === "projector", wall === "ladder"), peer);
  if (main.dataset.tab === "source") source.draw(scene);
  if (main.dataset.tab === "transcript") transcript.update(seq);
  drawRows(drawn, seq, from);
  if (main.dataset.tab === "tables") drawTable(one("[data-tables]"), scene);
  light();
  drawPrograms(one("[data-programs]"), scene.state, log, live);
  drawTime(seq);
  drawPeers(drawn);
  if (chosen && seq !== from) drawEvidence();
  if (!asked) writeAddress(place());
}

/**
 * Ladder and event list. With thousands of events a second nobody can read a row, so rows are then drawn less often.
 * @param {Layout} drawn
 * @param {number} seq
 * @param {number} from
 */
function drawRows(drawn, seq, from) {
  window.clearTimeout(rowsLater);
  const flood = clock.mode === "now" && from > 0 && seq - from > FLOOD;
  if (flood && performance.now() - rowsAt < ROWS_MS) {
    rowsLater = window.setTimeout(() => clock.touch(), ROWS_MS / 2);
    return;
  }
  rowsAt = performance.now();
  ladder.update(drawn, seq, drawn.size > 20 ? 24 : 13);
  list.update(seq, chosen);
}

/** What is on the screen, as the page's address says it. @returns {import("./address.js").Place} */
function place() {
  const wall = document.documentElement.dataset.view === "projector";
  const tab = main.dataset.tab === FIRST_TAB ? "" : (main.dataset.tab ?? "");
  const seq = clock.mode === "now" && !page.recorded ? null : clock.seq;
  return { seq, at: chosen, view: wall ? "projector" : tab };
}

/** To the place that the address asked for, as soon as the log reaches it. */
function arrive() {
  if (!asked || log.end < (asked.seq ?? 1)) return;
  const { seq, at, view: named } = asked;
  asked = null;
  if (["tables", "source", "transcript", "events"].includes(named)) showTab(main, named, desk);
  if (named === "projector") projector(desk);
  if (seq !== null || page.recorded) clock.seek(seq ?? log.events.findIndex((event) => event.type !== "host.added"));
  try {
    if (at) choose(at);
  } catch {
    choose(""); // An address may name anything.
  }
}

/** What is pointed at, else what is chosen, lights up in every view, with what belongs to it. */
function light() {
  const event = chosen.startsWith("event:") ? log.event(Number(chosen.slice(6))) : undefined;
  const key = pointed || (event ? (subjects(event, log)[0] ?? "") : chosen.startsWith("event:") ? "" : chosen);
  const lit = new Light(key, log.at(clock.shown), log);
  picture.stage.light(chosen, lit.shapes);
  ladder.light(lit);
  list.light(lit);
  if (main.dataset.tab === "source") source.light(lit);
  if (main.dataset.tab === "tables") lightTable(one("[data-tables]"), lit.shapes);
}

/** @param {number} seq */
function drawTime(seq) {
  const { state } = log.head;
  const past = clock.mode !== "now" || page.recorded;
  const last = page.recorded && seq === log.end;
  const scrub = /** @type {HTMLInputElement} */ (one("[data-scrub]"));
  scrub.max = String(log.end);
  scrub.value = String(seq);
  const back = past && !page.recorded;
  set(document.documentElement, { "data-past": back });
  text(one("[data-moment]"), back ? `seq ${seq} of ${log.end} · looking back · End = now` : `seq ${seq} of ${log.end}`);
  /** @type {HTMLButtonElement} */ (one('[data-action="now"]')).disabled = !past || last;
  /** @type {HTMLButtonElement} */ (one('[data-action="back"]')).disabled = seq <= 0;
  set(one('[data-action="play"]'), { "aria-pressed": clock.mode === "playing" ? "true" : "false" });
  const moments = Object.values(state.moments);
  const next = /** @type {HTMLButtonElement} */ (one('[data-action="next"]'));
  next.disabled = past ? last : moments.length === 0;
  text(one("[data-next-words]"), !past && moments.length > 0 ? `Next: ${momentName(moments[0], log)}` : "Next");
  for (const radio of document.querySelectorAll('input[name="pace"]')) {
    const input = /** @type {HTMLInputElement} */ (radio);
    input.checked = input.value === state.pace;
  }
  drawMarks();
  const said = log.said(seq);
  drawWaits(past || state.pace !== "step" ? [] : moments);
  const waits = past || state.pace === "live" ? "" : waitingWords(state, log);
  const narration = said?.note.text ?? page.opening();
  text(one("[data-narration]"), narration);
  speak(waits && state.pace === "step" ? `${narration} Now waits: ${waits}.` : narration);
}

/**
 * When several moments wait, the person chooses which goes first.
 * @param {import("../log/state.js").Moment[]} moments
 */
function drawWaits(moments) {
  const shown = moments.length > 1 ? moments.slice(0, MOST_WAITS) : [];
  join(
    one("[data-waits]"),
    shown,
    (moment) => String(moment.moment),
    (moment) => html("button", { type: "button", class: "chip", "data-ask": "release", "data-value": moment.moment }),
    (button, moment) => text(button, momentName(moment, log)),
  );
}

/** At most one sentence in two seconds goes to the screen reader; the last one always does. @param {string} words */
function speak(words) {
  const wait = spokenAt + SPEAK_MS - performance.now();
  window.clearTimeout(speaking);
  if (wait > 0) {
    speaking = window.setTimeout(() => speak(words), wait);
    return;
  }
  const status = one("[data-status]");
  if (status.textContent === words) return;
  status.textContent = words;
  spokenAt = performance.now();
}

function drawMarks() {
  const step = Math.ceil(log.marks.length / MOST_MARKS);
  const shown = step > 1 ? log.marks.filter((_, index) => index % step === 0) : log.marks;
  join(
    one("[data-marks]"),
    shown,
    (mark) => String(mark.seq),
    (mark) => html("i", { "data-mark": mark.mark, title: mark.mark }),
    (tick, mark) => {
      tick.style.left = `${(mark.seq / Math.max(1, log.end)) * 100}%`;
    },
  );
}

/** Clients to choose from, where not all find room. @param {Layout} drawn */
function drawPeers(drawn) {
  const home = one("[data-peers]");
  const { places, state } = log.head;
  home.hidden = drawn.hidden.length === 0;
  const shown = new Set(drawn.hosts.map((host) => host.host));
  join(
    home,
    home.hidden ? [] : places.order.slice(1),
    (name) => name,
    (name) => {
      const button = html("button", { type: "button", class: "chip" });
      button.addEventListener("click", () => {
        peer = name;
        clock.touch();
      });
      return button;
    },
    (button, name) => {
      const count = Object.values(state.sockets).filter((socket) => socket.host === name).length;
      text(button, `${name} ${count}`);
      set(button, { "aria-pressed": shown.has(name) ? "true" : "false" });
    },
  );
}

// ---- evidence

/** @param {string} key */
function choose(key) {
  chosen = key;
  const drawer = one("#evidence");
  drawer.hidden = key === "";
  set(main, { "data-drawer": key !== "" });
  if (key) drawEvidence();
  light();
  list.update(clock.shown, chosen);
}

function drawEvidence() {
  const live = clock.mode === "now" && stream?.state === "open";
  const { title, parts } = evidence(chosen, log.at(clock.shown), log, live);
  text(one("#evidence-title"), title);
  const waits = page.recorded && chosen.startsWith("packet:") && chosen.slice(7) in log.at(clock.shown).state.packets;
  one("[data-evidence]").replaceChildren(...(waits ? [html("p", { class: "reason" }, REASON)] : []), ...parts);
}

// ---- the source

/** @param {LinkState} state @param {Problem} [problem] */
export function linkChanged(state, problem) {
  const link = one("[data-link]");
  link.dataset.link = state;
  text(one("[data-link-words]"), page.link(state));
  const open = state === "open";
  for (const control of document.querySelectorAll("[data-quick] button, [data-pace], [data-command] button")) {
    /** @type {HTMLButtonElement} */ (control).disabled = !open;
  }
  // Moments that are not in the log by then will not be waited for.
  if (open) window.setTimeout(() => (asked = null), ARRIVE_MS);
  if (open || state === "recording") overlay("");
  else if (state === "lost")
    overlay(`Connection lost. The sandbox goes on; you are looking at seq ${log.end}. Trying again…`);
  else if (state === "ended") overlay(`The sandbox has ended at seq ${log.end}. You can still look back.`, true);
  else if (state === "refused")
    overlay(`${problem?.detail ?? ""} ${problem?.hint ?? ""}`.trim() || "This sandbox is not there.", true);
  page.onLink?.(state);
  if (state === "recording") arrive();
  clock.touch();
}

/** @param {string} words @param {boolean} [offer] whether to offer something instead */
export function overlay(words, offer = false) {
  const home = one("[data-overlay]");
  home.hidden = words === "";
  delete home.dataset.asks;
  home.replaceChildren(html("p", {}, words), ...(offer ? page.instead() : []));
}

/** @param {import("../log/protocol.js").Event[]} events */
function take(events) {
  const known = log.head.places.order.length;
  log.append(events);
  if (!page.recorded) arrive();
  clock.touch();
  page.onEvents?.(known);
}
