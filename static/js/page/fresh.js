// Whether more may come of what a learner has run last: the kernel has answered a moment ago, or not yet at all.

/** When nothing has come from the kernel for so long, nothing more comes; who runs what never ends waits so long at most. */
const QUIET_MS = 3000;
const MOST_MS = 15000;

export class Fresh {
  #end = 0;
  #since = Number.NEGATIVE_INFINITY;
  #heard = Number.NEGATIVE_INFINITY;
  #timer = 0;

  /** @param {() => void} over called when it is over */
  constructor(over) {
    this.over = over;
  }

  /** The run's log has grown. */
  heard() {
    this.#heard = performance.now();
    this.#begin();
  }

  /** How long the sandbox's log is. @param {number} end */
  grown(end) {
    if (end === this.#end) return;
    this.#end = end;
    this.#begin();
  }

  #begin() {
    this.#since = performance.now();
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(this.over, QUIET_MS);
  }

  get is() {
    const now = performance.now();
    return now - this.#since < QUIET_MS && now - this.#heard < MOST_MS;
  }
}
