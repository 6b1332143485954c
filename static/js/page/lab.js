// A lab's page: the lesson at the left, the screen at the right. Both follow logs on one connection: the lesson that of
// the lab run, the screen that of the run's sandbox. What a learner does goes up as an act; what comes of it comes back as
// events, and the lesson is drawn from them. A page that watches somebody's run does the same, without the acts.

import { html, one } from "../dom/svg.js";
import { Acts, asked } from "../log/acts.js";
import { Replay } from "../log/replay.js";
import { foldRun, initialRun } from "../log/run_fold.js";
import { RunSeen } from "../log/run_seen.js";
import { RefusedError, Streams } from "../log/stream.js";
import { drawLesson } from "../views/lesson.js";
import { NextBar } from "../views/next_bar.js";
import { Projected } from "../views/projected.js";
import { lesson } from "../words/lesson.js";
import { next } from "../words/next.js";
import { newOrder } from "../words/options.js";
import { subjects } from "../words/relations.js";
import { Address } from "./address.js";
import { offerDownloads } from "./exports.js";
import { Fresh } from "./fresh.js";
import { actOf } from "./lab_acts.js";
import { ProjectorEnd } from "./presenting.js";
import { black, projection, toProjector } from "./projector.js";
import { Reading } from "./reading.js";
import { offerHosts, offerRun } from "./sandbox.js";
import { Screen } from "./screen.js";
import { offerShare } from "./share.js";
import { start as startSite } from "./site.js";

/** @typedef {import("../log/lab_protocol.js").Outline} Outline */
/** @typedef {import("../log/lab_protocol.js").LabEvent} LabEvent */

const NO_ANSWER = "The server does not answer. What you did is kept here and goes there as soon as it is back.";
/** How long to wait before a run is asked for again. */
const SOON_MS = 300;
const LATER_MS = 5000;

/** What stands on the projector, for who presents it. */
const SLIDES = {
  stage: "The stage",
  title: "The title of the lab",
  guess: "The question",
  task: "The task",
  answer: "The question, with what the kernel said",
  why: "The question why",
  end: "What to remember",
};

class LabPage {
  /** @param {HTMLElement} main */
  constructor(main) {
    this.main = main;
    this.home = one(main, "#lesson");
    this.name = main.dataset.lab ?? "lab";
    this.watching = "watching" in main.dataset;
    /** @type {Outline} */
    this.outline = JSON.parse(this.home.dataset.outline ?? "");
    this.state = initialRun();
    /** The run as far as its learner has seen it. */
    this.seen = new RunSeen();
    /** What was refused before the page was opened is not told again. */
    this.told = 0;
    this.sandbox = "";
    this.acts = new Acts();
    /** @type {Replay | null} */
    this.replay = null;
    /** How many events of a recorded run have been folded. */
    this.folded = 0;
    this.streams = new Streams(main.dataset.key);
    /** @type {Promise<void> | null} */
    this.beginning = null;
    this.drawing = 0;
    this.playing = false;
    /** The seq whose subject stood out last. */
    this.ringed = 0;
    this.fresh = new Fresh(() => this.draw());
    /** @type {import("../words/lesson.js").LessonShown | null} what the lesson shows */
    this.shown = null;
    /** @type {ProjectorEnd | null} */
    this.presenter = null;
    this.screen = new Screen(document.body, this.#page());
    this.reading = new Reading(main, this.home);
    const bar = main.querySelector("[data-next-bar]");
    this.bar =
      bar instanceof HTMLElement
        ? new NextBar(bar, {
            skip: () => this.screen.clock.skip(),
            show: () => this.reading.show(this.seen.state.step),
          })
        : null;
    this.projected = this.bar
      ? new Projected(main, this.home, this.bar, {
          show: () => void this.#do({ command: "lab.show", step: this.seen.state.step }),
          arrange: () => this.reading.arrange(),
        })
      : null;
    for (const kind of ["click", "submit"]) document.addEventListener(kind, (event) => this.#acted(event));
    const run = main.dataset.run ?? "";
    // The first act begins a run that shows the options as they stand already.
    if (!run && !this.watching) this.seen.state.order = this.state.order = newOrder();
    if (this.watching) for (const part of this.home.querySelectorAll("fieldset")) part.disabled = true;
    this.draw();
    if (main.dataset.recording) this.#replay(main.dataset.recording);
    else if (run) this.#follow(run);
  }

  /** @returns {import("./screen.js").Page} */
  #page() {
    const words = {
      connecting: "Connecting …",
      open: this.watching ? "You watch" : "Connected",
      lost: "Connection lost",
      ended: "The sandbox has ended",
      refused: "Not available",
      recording: "",
    };
    const recorded = Boolean(this.main.dataset.recording);
    return {
      recorded,
      watching: this.watching,
      opening: () =>
        this.sandbox
          ? "Nothing runs. Press Run in the lesson."
          : "Nothing runs yet. Start the lab, and its hosts start.",
      link: (state) => (state === "recording" ? (this.replay?.badge ?? "") : words[state]),
      instead: () => this.#instead(),
      name: () => this.name,
      address: new Address(),
      presenting: {
        open: () => this.#present(),
        next: () => this.projected?.next(this.#place()) === true,
        back: () => this.projected?.back() === true,
        label: () => this.projected?.label(this.#place()) ?? "",
      },
      panels: recorded
        ? [{ name: "lab", place: "#lesson", always: true, mount: () => ({ draw: (at) => this.#at(at.seq) }) }]
        : [
            {
              name: "lab",
              place: "#lesson",
              always: true,
              early: true,
              mount: () => ({ draw: (at) => this.#seenTo(at.seq) }),
            },
          ],
      onLink: (state) => {
        if (state === "recording") this.#recorded();
      },
      onEvents: (known) => {
        if (recorded) return;
        const { order } = this.screen.log.head.places;
        if (order.length !== known) offerHosts(this.screen.root, order);
        if (Object.keys(this.state.tools).length > 0) this.drawLater();
      },
    };
  }

  /** @returns {import("../views/projected.js").Place} */
  #place() {
    const { clock, log } = this.screen;
    const waits = Object.keys(log.head.state.moments).length > 0;
    return { seq: clock.seq, end: log.end, idle: clock.mode === "now" && !waits, on: projection().on };
  }

  /** The presenter's own window, with the lab on the projector in this one. */
  #present() {
    if (!this.projected) return;
    this.presenter ??= new ProjectorEnd(
      `/labs/${this.name}/presenter`,
      (press) => this.#pressed(press),
      () => this.#roomView(),
    );
    this.presenter.open();
    if (!projection().on) toProjector(this.screen);
  }

  /** @param {import("./presenting.js").Press} press */
  #pressed(press) {
    if (press === "black") black(!black());
    else if (press === "timer") this.screen.timer.press();
    else if (black()) black(false);
    else one(this.screen.root, `[data-action="${press}"]`).click();
    this.presenter?.tell();
  }

  /** @returns {import("./presenting.js").RoomView} */
  #roomView() {
    const { root, timer } = this.screen;
    const words = (/** @type {string} */ part) => one(root, part).textContent ?? "";
    const { slide } = this.projected ?? {};
    return {
      step: this.shown?.at ?? 1,
      where: SLIDES[slide?.kind ?? "stage"],
      sentence: slide ? "" : words("[data-narration]"),
      label: words("[data-next-words]"),
      ahead: words("[data-ahead]"),
      black: black(),
      time: timer.words,
    };
  }

  #instead() {
    const start = this.home.querySelector("#lab-start");
    if (!(start instanceof HTMLElement)) return [];
    const button = html("button", { type: "button", class: "button primary" }, "Go on with new hosts");
    button.addEventListener("click", () => start.click());
    return [button];
  }

  // ---- the run's log

  /** @param {string} run */
  #follow(run) {
    if (!this.watching) offerShare(this.screen.root, `/api/runs/${run}`);
    const channel = this.streams.follow(run, {
      after: () => this.state.seq,
      onEvents: (events) => this.#take(/** @type {any} */ (events)),
      onLink: (state, problem) => {
        if (state === "open") {
          this.acts.opened(channel);
          this.#refused("");
        } else this.acts.lost();
        if (state === "lost" && this.acts.open > 0) this.#refused(NO_ANSWER);
        // The server has less of this log than the page has: its store was away when it ended.
        if (problem?.status === 422 && this.state.seq > 0) location.reload();
        if (state === "refused") this.#refused(`${problem?.detail ?? ""} ${problem?.hint ?? ""}`.trim());
      },
    });
  }

  /** @param {LabEvent[]} events */
  #take(events) {
    const first = this.state.seq === 0;
    if (!first) this.fresh.heard();
    for (const event of events) {
      if (event.seq > this.state.seq) {
        foldRun(this.state, event);
        this.seen.add(structuredClone(event));
      }
      if (event.type === "lab.action.begun" && !first && this.state.mood === "live") {
        this.screen.point("");
        // Who only watches, and looks back, is not taken away from there.
        if (!this.watching || this.screen.clock.mode !== "past") this.screen.direct(event.at ?? 0);
      }
      if (event.type === "lab.edited" && !first) location.reload();
      if (event.type === "lab.step.entered" && this.state.mood !== "building" && !first) this.reading.go(event.step);
      if (event.type === "lab.rebuild.begun" && !first) this.reading.go(event.step);
    }
    if (first) {
      this.told = this.state.seq;
      this.seen.all();
    }
    // What was gone before the page was opened is not asked for.
    const gone = first && this.state.mood === "ended";
    if (this.state.sandbox && this.state.sandbox !== this.sandbox && !gone) this.#show(this.state.sandbox);
    this.draw();
    this.screen.clock.touch(); // What the kernel has said is shown when the screen gets there.
    if (first && this.state.mood !== "none") this.reading.open(lesson(this.outline, this.state).at);
  }

  /** Another sandbox on the screen. @param {string} sandbox */
  #show(sandbox) {
    this.sandbox = sandbox;
    this.main.querySelector("[data-preview]")?.remove();
    this.screen.follow((face) =>
      this.streams.follow(sandbox, {
        ...face,
        // A sandbox that a restarted server does not know has ended; the run says what comes next.
        onLink: (state, problem) =>
          face.onLink(state === "refused" && problem?.status !== 410 ? "ended" : state, problem),
      }),
    );
    if (!this.watching) offerRun(this.screen.root, this.main.dataset.run ?? "", sandbox, this.name);
  }

  /** The screen shows its sandbox at a seq: what the kernel has said until then is told in the lesson. @param {number} seq */
  #seenTo(seq) {
    const { clock, log, live } = this.screen;
    this.fresh.grown(log.end);
    const { deciding } = this.seen;
    if (deciding > seq) clock.restAt(deciding);
    else if (deciding > 0 && this.ringed !== deciding) this.#ring(deciding);
    // What decides is looked at before its answer is read.
    const shown = clock.mode !== "playing" && seq >= Math.min(deciding, log.end);
    const looks = deciding > 0 && !(shown && clock.looked(deciding));
    const everything = clock.mode === "now" && !looks && (!live || deciding <= log.end);
    const until = looks ? Math.min(seq, deciding - 1) : seq;
    const told = everything ? this.seen.all() : this.seen.at(this.sandbox, until);
    if (told || this.playing !== (clock.mode === "playing")) this.draw();
    else this.#project();
  }

  /** What decided the step stands out in every view, until something else is pointed at or run. @param {number} seq */
  #ring(seq) {
    this.ringed = seq;
    const event = this.screen.log.event(seq);
    if (event) this.screen.point(subjects(event, this.screen.log)[0] ?? "");
  }

  /** What the projector shows in place of the stage. */
  #project() {
    if (this.shown) this.projected?.draw(this.shown, this.playing, this.#place());
    this.presenter?.tell();
  }

  // ---- a recorded run

  /** @param {string} address */
  #replay(address) {
    const replay = this.screen.follow((face) => new Replay(face));
    this.replay = replay;
    // The link's state must not change before this page knows the replay.
    queueMicrotask(() => void replay.fetch(address));
  }

  #recorded() {
    this.main.querySelector("[data-preview]")?.remove();
    this.sandbox = this.replay?.sandbox ?? "";
    if (this.main.dataset.downloads) offerDownloads(this.screen.root, this.main.dataset.downloads, this.name);
  }

  /** The lesson as it was when the sandbox's log had got so far. @param {number} seq */
  #at(seq) {
    const events = this.replay?.lab ?? [];
    let end = this.folded;
    if (end > 0 && !this.#before(events[end - 1], seq)) {
      this.state = initialRun();
      end = 0;
    }
    for (; end < events.length && this.#before(events[end], seq); end += 1)
      foldRun(this.state, structuredClone(events[end]));
    if (end === this.folded) return;
    this.folded = end;
    this.draw();
    this.reading.open(this.state.step);
  }

  /** Whether an event stands on what had happened by then. @param {LabEvent} event @param {number} seq */
  #before(event, seq) {
    return event.sandbox !== this.sandbox || (event.at ?? 0) <= seq;
  }

  // ---- drawing

  /** What programs print is drawn with the next frame: many events are one picture. */
  drawLater() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0;
      this.draw();
    });
  }

  draw() {
    this.playing = this.screen.clock.mode === "playing";
    const state = this.replay ? this.state : this.seen.state;
    const behind = !this.replay && this.seen.deciding > 0;
    const shown = lesson(this.outline, state, behind);
    drawLesson(this.home, shown, state, (pid) => this.#printed(pid));
    this.bar?.draw(next(shown, behind ? "decided" : this.playing ? "playing" : this.fresh.is ? "fresh" : ""));
    this.shown = shown;
    this.#project();
    if (this.state.refused > this.told) this.#refused(this.state.refusal);
    this.reading.drawn(shown);
  }

  /** @param {number} pid */
  #printed(pid) {
    const { log } = this.screen;
    return (log.outputs.get(pid) ?? [])
      .map((seq) => {
        const event = log.event(seq);
        return event?.type === "process.output" ? event.text : "";
      })
      .join("");
  }

  /** @param {string} words */
  #refused(words) {
    const home = one(this.home, "#lab-refusal");
    if (home.textContent === words && home.hidden === (words === "")) return;
    home.textContent = words;
    home.hidden = words === "";
    if (words) this.reading.reveal(home);
  }

  // ---- what somebody does

  /** @param {Event} event */
  #acted(event) {
    const act = actOf(event);
    if (!act) return;
    event.preventDefault();
    if (this.watching) return;
    /** @type {HTMLDialogElement | null} */ (this.main.querySelector("#reset"))?.close();
    void this.#do(act);
  }

  /** @param {Record<string, unknown>} act */
  async #do(act) {
    try {
      await this.#begun();
      const done = this.acts.do(act);
      if (!this.streams.socket || this.streams.socket.readyState !== WebSocket.OPEN) this.#refusedIfLost();
      await done;
      this.#refused("");
    } catch (error) {
      const problem = error instanceof RefusedError ? error.problem : null;
      this.#refused(problem ? `${problem.detail} ${problem.hint ?? ""}`.trim() : NO_ANSWER);
    }
  }

  #refusedIfLost() {
    if (this.streams.failures > 0) this.#refused(NO_ANSWER);
  }

  /** There is a run to do something in; the first act of a learner begins it. */
  #begun() {
    if (this.main.dataset.run) return Promise.resolve();
    this.beginning ??= this.#begin().finally(() => {
      this.beginning = null;
    });
    return this.beginning;
  }

  async #begin() {
    const address = `/api/labs/${this.name}/runs?order=${this.state.order}`;
    let answer = await asked(address);
    for (let pause = SOON_MS; !answer; pause = Math.min(2 * pause, LATER_MS)) {
      this.#refused(NO_ANSWER); // what was clicked waits with this
      await new Promise((again) => setTimeout(again, pause));
      answer = await asked(address);
    }
    if (!answer.ok) throw new RefusedError(answer.body);
    this.main.dataset.run = answer.body.id;
    this.#follow(answer.body.id);
  }
}

export function start() {
  startSite();
  new LabPage(one(document, "main"));
}
