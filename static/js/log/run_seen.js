// A lab run as far as a person has seen it: what the kernel said of a step is folded when the cursor reaches the event
// that decided it, what the learner does at once. Pure.

import { foldRun, initialRun } from "./run_fold.js";

/** @typedef {import("./lab_protocol.js").LabEvent} LabEvent */
/** @typedef {import("./lab_protocol.js").RunState} RunState */

/** What is known only to who has seen the kernel do it. */
const SEEN = new Set(["lab.check.changed", "lab.step.settled", "lab.finished"]);
/** Where another part of the run begins, so that what was before is over. */
const OVER = new Set(["lab.step.entered", "lab.rebuild.begun", "lab.sandbox.lost", "lab.given_up"]);

export class RunSeen {
  constructor() {
    /** @type {RunState} */
    this.state = initialRun();
    /** @type {LabEvent[]} what is not seen yet, in order */
    this.waiting = [];
  }

  /** Take the next event of the run. @param {LabEvent} event */
  add(event) {
    if (SEEN.has(event.type)) {
      this.waiting.push(event);
      return;
    }
    if (OVER.has(event.type)) this.all();
    foldRun(this.state, event);
  }

  /**
   * The cursor is at a seq of a sandbox's log. What stands on another sandbox is not waited for.
   * @param {string} sandbox
   * @param {number} seq
   * @returns {boolean} whether that tells something new
   */
  at(sandbox, seq) {
    return this.#see(this.waiting.findLastIndex((event) => event.sandbox !== sandbox || reach(event) <= seq) + 1);
  }

  /** Everything is seen. @returns {boolean} whether that tells something new */
  all() {
    return this.#see(this.waiting.length);
  }

  /** The seq that decided the step which has settled, but was not seen to; 0: there is none. */
  get deciding() {
    const settled = this.waiting.find((event) => event.type === "lab.step.settled");
    return settled?.type === "lab.step.settled" ? settled.decided : 0;
  }

  /** @param {number} count */
  #see(count) {
    for (const event of this.waiting.splice(0, count)) foldRun(this.state, event);
    return count > 0;
  }
}

/** The seq at which an event of the run is seen. @param {LabEvent} event */
function reach(event) {
  if (event.type === "lab.step.settled") return event.decided;
  if (event.type === "lab.check.changed" && event.mood === "true") return event.since ?? 0;
  return event.at ?? 0;
}
