// Which seq is on the screen: now, a moment of the past, or on the way from there. Looking back disturbs nothing.

/** @typedef {import("./log.js").Log} Log */

const STEP_MS = 700;
/** How long a telling moment stays that the kernel passes through at once. */
const DWELL_MS = 500;
/** More new events than this since the last picture, and the next one waits this long after it. */
const FLOOD = 150;
const FLOOD_MS = 120;
/** And at least so many times what the last one cost: the events of thousands of sockets need the rest. */
const FLOOD_SHARE = 12;
const MOST_DWELLS = 3;
const DWELLS = new Set(["LISTEN", "SYN-RECEIVED", "established"]);

export class Clock {
  /**
   * @param {Log} log
   * @param {(seq: number, from: number) => void} show called at most once a frame
   */
  constructor(log, show) {
    this.log = log;
    this.show = show;
    this.seq = 0;
    /** @type {"now" | "past" | "playing"} */
    this.mode = "now";
    this.shown = -1;
    this.frame = 0;
    this.timer = 0;
    this.dwell = 0;
    this.drawn = 0;
    /** What the last picture cost, in ms. */
    this.cost = 0;
  }

  /** Events have come, or something else asks for a new picture. */
  touch() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.#flooded()) {
        this.touch();
        return;
      }
      this.drawn = performance.now();
      if (this.mode === "now" && !this.dwell) this.seq = this.#present();
      const from = this.shown;
      this.shown = this.seq;
      this.show(this.seq, from);
      this.cost = performance.now() - this.drawn;
    });
  }

  /** In a flood of events nobody can follow each frame: fewer pictures leave time for the events themselves. */
  #flooded() {
    const wait = Math.max(FLOOD_MS, FLOOD_SHARE * this.cost);
    return this.mode === "now" && this.log.end - this.shown > FLOOD && performance.now() - this.drawn < wait;
  }

  /**
   * The end of the log; but at a pace for people, a telling moment that came together with what follows it
   * is shown first ("established, and nobody has accepted"). Whoever is further behind than a few of these jumps.
   */
  #present() {
    const { log } = this;
    if (this.shown < 0 || log.head.state.pace === "live" || document.hidden) return log.end;
    const passed = log.marks
      .slice(-MOST_DWELLS - 1)
      .filter(({ seq, mark }) => DWELLS.has(mark) && seq > this.shown && seq < log.end);
    if (passed.length === 0 || passed.length > MOST_DWELLS) return log.end;
    this.dwell = window.setTimeout(() => {
      this.dwell = 0;
      this.touch();
    }, DWELL_MS);
    return passed[0].seq;
  }

  /** @param {number} seq */
  seek(seq) {
    this.#stop();
    this.seq = Math.max(0, Math.min(this.log.end, Math.round(seq)));
    this.mode = this.seq === this.log.end ? "now" : "past";
    this.touch();
  }

  now() {
    this.seek(this.log.end);
  }

  /**
   * To the next or last step: an event that has a sentence.
   * @param {1 | -1} direction
   */
  step(direction) {
    let seq = this.seq + direction;
    while (seq > 0 && seq < this.log.end && !this.log.notes[seq - 1]) seq += direction;
    this.seek(seq);
  }

  /**
   * To the next or last telling moment.
   * @param {1 | -1} direction
   */
  leap(direction) {
    const marks = this.log.marks.map((mark) => mark.seq);
    const next = direction > 0 ? marks.find((seq) => seq > this.seq) : marks.findLast((seq) => seq < this.seq);
    this.seek(next ?? (direction > 0 ? this.log.end : 0));
  }

  /** Plays from a moment of the past until now; from now, it begins at the beginning. */
  toggle() {
    if (this.mode === "playing") {
      this.seek(this.seq);
      return;
    }
    if (this.log.end === 0) return;
    if (this.mode === "now") this.seq = 0;
    this.mode = "playing";
    this.#advance();
  }

  #advance() {
    let seq = this.seq + 1;
    while (seq < this.log.end && !this.log.notes[seq - 1]) seq += 1;
    this.seq = Math.min(seq, this.log.end);
    if (this.seq >= this.log.end) {
      this.seek(this.log.end);
      return;
    }
    this.touch();
    this.timer = window.setTimeout(() => this.#advance(), STEP_MS);
  }

  /** Shows nothing any more: another log begins. */
  close() {
    this.#stop();
    cancelAnimationFrame(this.frame);
    this.show = () => {};
  }

  #stop() {
    window.clearTimeout(this.timer);
    window.clearTimeout(this.dwell);
    this.timer = 0;
    this.dwell = 0;
  }
}
