// The screen of every page that has a stage: source → log → clock → stage and panels. A page makes one with
// `new Screen(root, page)`, and may make several: all that a screen knows is in it, and all that it shows is in its
// root. Then `follow` gives it a source of events, and another one later.

import { keep, kept } from "../dom/kept.js";
import { html, one, set, text } from "../dom/svg.js";
import { Commands } from "../log/commands.js";
import { Log } from "../log/log.js";
import { Picture } from "../stage/picture.js";
import { sizes } from "../stage/view.js";
import { Clock } from "../story/clock.js";
import { Walk } from "../story/walk.js";
import { PANELS } from "../views/panels.js";
import { narrate } from "../words/narration.js";
import { Light, subjects } from "../words/relations.js";
import { bindControls } from "./controls.js";
import { bindExports } from "./exports.js";
import { projection, toProjector } from "./projector.js";
import { Timer } from "./timer.js";

/** @typedef {import("../log/protocol.js").Event} Event */
/** @typedef {import("../log/stream.js").Face} Face */
/** @typedef {import("../log/stream.js").LinkState} LinkState */
/** @typedef {import("../log/stream.js").Problem} Problem */
/** @typedef {import("../views/panels.js").Panel} Panel */
/** @typedef {import("../views/panels.js").Shown} Shown */
/** @typedef {import("../views/panels.js").View} View */
/** @typedef {import("../log/commands.js").Source} Source */
/**
 * @typedef {object} Presenting
 * @property {() => void} open the presenter's own window
 * @property {() => boolean} next whether there was something to do
 * @property {() => boolean} back
 * @property {() => string} label what Next does; empty: it walks on
 */
/**
 * @typedef {object} Page what differs from page to page
 * @property {boolean} recorded whether it shows a recording instead of a sandbox
 * @property {boolean} [watching] whether it shows what somebody else does: only they can do something
 * @property {() => string} opening what is said before anything has happened
 * @property {(state: LinkState) => string} link what the badge of the connection says
 * @property {() => Node[]} instead what is offered when there is no sandbox any more
 * @property {() => string} name what exported files are called
 * @property {import("./address.js").Address} [address] where the page keeps which moment it shows; embedded: nowhere
 * @property {Presenting} [presenting] what Next and Back do on the projector besides walking through the story
 * @property {Panel[]} [panels] more than every screen has
 * @property {(state: LinkState) => void} [onLink]
 * @property {(known: number) => void} [onEvents] with the number of hosts that were known before
 */

/** More events than this at once are a flood; then rows are drawn so often. */
const FLOOD = 500;
const ROWS_MS = 1000;
const ARRIVE_MS = 3000;
const TICK_MS = 1000;
/** Under this name the browser keeps whether what happens is played, or shown at once. */
const FOLLOW = "follow";
/** @type {import("./address.js").Place} */
const ANYWHERE = { seq: null, at: "", view: "" };

export class Screen {
  /** @type {Source | null} */
  #source = null;
  #pointed = "";
  /** @type {import("./address.js").Place | null} what the address asks for, until it is there */
  #asked = ANYWHERE;
  #rowsAt = 0;
  #rowsLater = 0;
  /** When the last events came, by the browser's clock. */
  #tookAt = 0;
  #ticking = 0;
  #firstTab;
  #picture;
  /** @type {{panel: Panel, view: View, section: HTMLElement | null}[]} */
  #views = [];

  /**
   * @param {HTMLElement} root
   * @param {Page} page
   */
  constructor(root, page) {
    this.root = root;
    this.page = page;
    this.recorded = page.recorded;
    this.watching = page.watching === true;
    this.chosen = "";
    this.peer = "";
    /** @type {Commands | null} null while there is nobody to command */
    this.commands = null;
    this.log = new Log(narrate);
    this.walk = new Walk(this.log);
    this.clock = this.#newClock();
    this.timer = new Timer(one(root, "[data-timer]"), () => this.clock.touch());
    /** What CSS sees of the screen's own state: its tab, and whether it looks back. */
    this.main = one(root, "main");
    this.#firstTab = this.tab;
    this.#asked = page.address?.read() ?? ANYWHERE;
    const answers = {
      choose: (/** @type {string} */ key) => this.choose(key),
      point: (/** @type {string} */ key) => this.point(key),
    };
    this.#picture = new Picture(one(root, "[data-stage]"), answers, () => this.clock.touch());
    for (const panel of [...(page.panels ?? []), ...PANELS]) this.#mount(panel);
    bindControls(this);
    bindExports(root, {
      stage: one(root, "[data-stage]"),
      link: page.address ? () => page.address?.of(this.#place()) ?? "" : null,
      caption: () => one(root, "[data-narration]").textContent ?? "",
      name: () => `${page.name()}-${this.clock.shown}`,
    });
    this.open(this.tab);
  }

  /** Whether something can be done to what runs, wherever the person looks. */
  get acts() {
    return !this.watching && this.#source?.state === "open" && this.log.head.state.closed === null;
  }

  get live() {
    return this.acts && this.clock.mode === "now";
  }

  /** What leads through more than the story: on the projector, what a page has for it. */
  get presenting() {
    return projection().on ? this.page.presenting : undefined;
  }

  get opening() {
    return this.page.opening();
  }

  /** The tab that is open. */
  get tab() {
    return this.main.dataset.tab ?? "";
  }

  /** The panels that a tab opens, in their order. */
  get tabs() {
    return this.#views.flatMap(({ panel }) => (panel.tab ? [panel.name] : []));
  }

  // ---- the source of events

  /**
   * Shows what a source tells. What was shown before is gone, with its log: nothing of it is in the new one.
   * @template {Source} S
   * @param {(face: Face) => S} make
   * @returns {S}
   */
  follow(make) {
    const again = this.#source !== null;
    this.#source?.close?.();
    if (again) this.#forget();
    const { log } = this;
    // Whoever comes late from the last source finds that its log is not the screen's any more.
    const source = make({
      after: () => log.end,
      onEvents: (events) => {
        if (this.log === log) this.#take(events);
      },
      onLink: (state, problem) => {
        if (this.log === log) this.linkChanged(state, problem);
      },
    });
    this.#source = source;
    this.commands = new Commands(source);
    if (again) this.linkChanged("connecting");
    return source;
  }

  /** Another log begins. */
  #forget() {
    this.clock.close();
    this.#picture.clear();
    this.chosen = "";
    this.#pointed = "";
    this.#asked = ANYWHERE;
    this.log = new Log(narrate);
    this.walk = new Walk(this.log);
    this.clock = this.#newClock();
    for (const { view } of this.#views) view.forget?.();
    this.#light();
  }

  #newClock() {
    return new Clock(this.log, this.walk, (seq, from) => this.#draw(seq, from));
  }

  /** Whether the person wants to see the end of the log at once, whatever happens. */
  get alwaysNow() {
    return kept(FOLLOW) === "now";
  }

  set alwaysNow(wanted) {
    keep(FOLLOW, wanted ? "now" : "story");
    this.clock.now();
  }

  /** Somebody has acted: what comes of it is played from there, or shown at once. @param {number} from the last seq before it */
  direct(from) {
    if (this.alwaysNow) this.clock.now();
    else this.clock.direct(from);
  }

  /** @param {Event[]} events */
  #take(events) {
    const known = this.log.head.places.order.length;
    this.log.append(events);
    this.#tookAt = performance.now();
    if (!this.recorded) this.#arrive();
    this.clock.touch();
    this.page.onEvents?.(known);
  }

  /** @param {LinkState} state @param {Problem} [problem] */
  linkChanged(state, problem) {
    const { root, log, page } = this;
    one(root, "[data-link]").dataset.link = state;
    text(one(root, "[data-link-words]"), page.link(state));
    const open = state === "open";
    for (const control of root.querySelectorAll("[data-quick] button, [data-pace], [data-command] button")) {
      /** @type {HTMLButtonElement} */ (control).disabled = !open || this.watching;
    }
    // Moments that are not in the log by then will not be waited for.
    if (open)
      window.setTimeout(() => {
        this.#asked = null;
        // Who watches does nothing that the story could begin with: they are told what happens from now on.
        if (this.watching) this.clock.follows = !this.alwaysNow;
        set(this.main, { "data-follows": this.clock.follows });
      }, ARRIVE_MS);
    if (open || state === "recording" || state === "connecting") this.overlay("");
    else if (state === "lost")
      this.overlay(`Connection lost. The sandbox goes on; you are looking at seq ${log.end}. Trying again…`);
    else if (state === "ended") this.overlay(`The sandbox has ended at seq ${log.end}. You can still look back.`, true);
    else if (state === "refused")
      this.overlay(`${problem?.detail ?? ""} ${problem?.hint ?? ""}`.trim() || "This sandbox is not there.", true);
    page.onLink?.(state);
    if (state === "recording") this.#arrive();
    this.clock.touch();
  }

  /** @param {string} words @param {boolean} [offer] whether to offer something instead */
  overlay(words, offer = false) {
    const home = one(this.root, "[data-overlay]");
    home.hidden = words === "";
    delete home.dataset.asks;
    home.replaceChildren(html("p", {}, words), ...(offer ? this.page.instead() : []));
  }

  // ---- drawing

  /**
   * Everything on the screen is a function of the log, a seq and the view.
   * @param {number} seq
   * @param {number} from the seq that was on the screen before
   */
  #draw(seq, from) {
    const { log, clock, live } = this;
    const scene = log.at(seq);
    const font = sizes(innerWidth, innerHeight, projection().on, projection().ladder);
    const t = live ? scene.state.t + (performance.now() - this.#tookAt) * 1e6 : undefined;
    const layout = log.end === 0 ? null : this.#picture.draw(log, seq, from, font, this.peer, t);
    this.#tickLater(live && layout ? layout.sockets : []);
    set(this.main, { "data-past": clock.mode !== "now" && !this.recorded });
    const shown = { seq, from, scene, layout, live };
    const rows = this.#rowsAreDue(seq, from);
    for (const { panel, view } of this.#open()) {
      if ((layout || panel.early) && (rows || !panel.rows)) view.draw?.(shown);
    }
    this.#light();
    if (layout && !this.#asked) this.page.address?.write(this.#place());
  }

  /** What runs out on the stage is drawn again each second. @param {import("../stage/shapes.js").Shape[]} sockets */
  #tickLater(sockets) {
    window.clearTimeout(this.#ticking);
    if (sockets.some(({ kind, state }) => kind === "socket" && state === "TIME-WAIT"))
      this.#ticking = window.setTimeout(() => this.clock.touch(), TICK_MS);
  }

  /** With thousands of events a second nobody can read a row, so rows are then drawn less often. @param {number} seq @param {number} from */
  #rowsAreDue(seq, from) {
    window.clearTimeout(this.#rowsLater);
    const flood = this.clock.mode === "now" && from > 0 && seq - from > FLOOD;
    if (flood && performance.now() - this.#rowsAt < ROWS_MS) {
      this.#rowsLater = window.setTimeout(() => this.clock.touch(), ROWS_MS / 2);
      return false;
    }
    this.#rowsAt = performance.now();
    return true;
  }

  /** What is pointed at, else what is chosen, lights up in every view, with what belongs to it. */
  #light() {
    const { chosen, log, clock } = this;
    const event = chosen.startsWith("event:") ? log.event(Number(chosen.slice(6))) : undefined;
    const key = this.#pointed || (event ? (subjects(event, log)[0] ?? "") : chosen.startsWith("event:") ? "" : chosen);
    const lit = new Light(key, log.at(clock.shown), log);
    this.#picture.stage.light(chosen, lit.shapes);
    for (const { view } of this.#open()) view.light?.(lit);
  }

  /** @param {string} key of a shape or an event; empty: nothing */
  choose(key) {
    this.chosen = key;
    // Who opens something wants to read it: the story waits.
    if (key && this.clock.mode === "playing") this.clock.toggle();
    this.#light();
  }

  /** @param {string} key */
  point(key) {
    this.#pointed = key;
    this.#light();
  }

  // ---- panels

  /** @param {Panel} panel */
  #mount(panel) {
    const section = panel.tab ? this.#section(panel, panel.tab) : null;
    const home = section ?? /** @type {HTMLElement | null} */ (this.root.querySelector(panel.place ?? ""));
    if (home) this.#views.push({ panel, section, view: panel.mount(home, this) });
  }

  /** A panel's own place, with the tab that opens it. @param {Panel} panel @param {import("../views/panels.js").Tab} tab */
  #section({ name }, { icon, words, label }) {
    const tabs = one(this.root, ".tabs");
    const button = html("button", { type: "button", "data-tab": name, "aria-pressed": "false" }, icon(), words);
    tabs.insertBefore(button, tabs.querySelector(".moments"));
    const section = html("section", { class: "pane panel", "data-panel": name, "aria-label": label });
    if (!document.getElementById(name)) section.id = name;
    one(this.root, ".right").append(section);
    return section;
  }

  /** The panels that can be seen, as far as a tab decides it. */
  #open() {
    return this.#views.filter(({ panel }) => !panel.tab || panel.always || panel.name === this.tab);
  }

  /** @param {string} tab */
  open(tab) {
    this.main.dataset.tab = tab;
    for (const button of this.root.querySelectorAll("button[data-tab]"))
      set(button, { "aria-pressed": button.getAttribute("data-tab") === tab ? "true" : "false" });
    // Where there is room for a panel besides what another tab has opened, the first one stands there.
    const [first] = this.tabs;
    const meanwhile = this.tabs.includes(tab) ? "" : first;
    for (const { panel, section } of this.#views)
      if (section)
        set(section, { "data-open": panel.name === tab ? "chosen" : panel.name === meanwhile && "meanwhile" });
    this.clock.touch();
  }

  /** Does what a button of a panel does. @param {string} action @returns {boolean} whether a panel has such a button */
  act(action) {
    const found = this.#views.find(({ view }) => view.actions?.[action]);
    found?.view.actions?.[action]();
    return found !== undefined;
  }

  // ---- the address

  /** What is on the screen, as the page's address says it. @returns {import("./address.js").Place} */
  #place() {
    const tab = this.tab === this.#firstTab ? "" : this.tab;
    const seq = this.clock.mode === "now" && !this.recorded ? null : this.clock.seq;
    return { seq, at: this.chosen, view: projection().on ? "projector" : tab };
  }

  /** To the place that the address asked for, as soon as the log reaches it. */
  #arrive() {
    const { log, clock, recorded } = this;
    if (!this.#asked || log.end < (this.#asked.seq ?? 1)) return;
    const { seq, at, view: named } = this.#asked;
    this.#asked = null;
    if ([...this.tabs, "events"].includes(named)) this.open(named);
    if (named === "projector") toProjector(this);
    if (seq !== null || recorded) clock.seek(seq ?? firstMoment(log));
    try {
      if (at) this.choose(at);
    } catch {
      this.choose(""); // An address may name anything.
    }
  }
}

/** The last moment before anything has happened. @param {Log} log */
function firstMoment(log) {
  return log.events.findIndex((event) => event.type !== "host.added");
}
