// Which seq is on the screen: now, a moment of the past, or on the way from there, beat by beat. The kernel has its own
// time, and nothing here disturbs it: what moves is one person's place in the log.

/** @typedef {import("../log/log.js").Log} Log */
/** @typedef {import("./walk.js").Walk} Walk */
/** @typedef {"now" | "past" | "playing"} Mode */
/** @typedef {"beats" | "scenes"} Gait by what one walks */

/** How long a telling moment stays that the kernel passes through at once, at a pace for people. */
const DWELL_MS = 500;
/** More new events than this since the last picture, and the next one waits this long after it. */
const FLOOD = 150;
const FLOOD_MS = 120;
/** And at least so many times what the last one cost: the events of thousands of sockets need the rest. */
const FLOOD_SHARE = 12;
const MOST_DWELLS = 3;
const DWELLS = new Set(["LISTEN", "SYN-RECEIVED", "established"]);
/** What would take longer than this to read beat by beat is played by scenes; who is further behind than that goes on so. */
const LONG_MS = 45000;
const LAG_MS = 60000;
/** By scenes, what happens is seen to move while the scene's heading stays: so many pictures at most, so long each at least. */
const MOST_PICTURES = 30;
const PICTURE_MS = 120;
/** A scene of no more than so many beats is moved through so slowly that each can be seen. */
const FEW_PICTURES = 12;
const FEW_MS = 600;
/** What playing rests on is on the screen for so long before anything is said of it. */
const DECIDED_MS = 2000;
export const SPEEDS = [0.5, 1, 2, 4];

export class Clock {
  /**
   * @param {Log} log
   * @param {Walk} walk
   * @param {(seq: number, from: number) => void} show called at most once a frame
   */
  constructor(log, walk, show) {
    this.log = log;
    this.walk = walk;
    this.show = show;
    this.seq = 0;
    /** @type {Mode} */
    this.mode = "now";
    /** @type {Gait} */
    this.gait = "beats";
    /** Whether a person has chosen the gait since playing began. */
    this.chosen = false;
    this.speed = 1;
    /** Whether what comes is played from where the screen stands; else the screen goes to it at once. */
    this.follows = false;
    /** What the last step has passed at once; empty: nothing. */
    this.summedUp = "";
    /** The seq that playing rests on when it gets there; 0: none. */
    this.resting = 0;
    /** What decides while the kernel is held, and since when it is looked at. */
    this.decisive = 0;
    this.decided = 0;
    /** How many beats were passed over by acting, and the seq behind which they begin. */
    this.passed = 0;
    this.left = 0;
    this.shown = -1;
    this.frame = 0;
    this.timer = 0;
    this.dwell = 0;
    this.drawn = 0;
    /** What the last picture cost, in ms. */
    this.cost = 0;
    /** Whether what playing has got to is still to be drawn. */
    this.due = false;
    /** When the beat began to be on the screen that is on it. */
    this.since = Number.NEGATIVE_INFINITY;
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
      if (this.mode === "now" && this.#goesOn()) this.#play();
      if (this.mode === "now" && !this.dwell) this.seq = this.#present();
      const from = this.shown;
      this.shown = this.seq;
      this.show(this.seq, from);
      this.cost = performance.now() - this.drawn;
      if (this.due) this.#shown();
    });
  }

  /** Whether the story goes on behind the end that the screen stands at. */
  #goesOn() {
    return this.follows && this.shown >= 0 && this.#runs && this.walk.at(this.log.end) > this.walk.at(this.shown);
  }

  /** Whether the kernel runs by itself: what is held or slowed is shown as it happens. */
  get #runs() {
    return this.log.head.state.pace === "live" && !document.hidden;
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
    this.resting = 0;
    this.summedUp = "";
    this.touch();
  }

  /** To the end of the log, where it stays. */
  now() {
    this.follows = false;
    this.passed = 0;
    this.seek(this.log.end);
  }

  /** To the next or last beat; many that are alike are one step. @param {1 | -1} direction */
  step(direction) {
    this.seek(direction > 0 ? this.walk.next(this.seq) : this.walk.back(this.seq));
    this.summedUp = this.walk.summedUp(this.seq);
  }

  /** To the next or last scene. @param {1 | -1} direction */
  leap(direction) {
    this.seek(direction > 0 ? this.walk.nextScene(this.seq) : this.walk.backScene(this.seq));
  }

  /** Plays on, or pauses; from the end, it begins at the beginning. */
  toggle() {
    if (this.mode === "playing") {
      this.seek(this.seq);
      return;
    }
    if (this.log.end === 0) return;
    if (this.mode === "now") this.seq = this.walk.stop(-1);
    this.#play();
    this.touch();
  }

  /**
   * Somebody has acted: what comes of it is played from there. What was not looked at before is passed over.
   * @param {number} from the last seq before the act
   */
  direct(from) {
    if (!this.#runs) this.now();
    this.follows = true;
    if (!this.#runs || this.mode === "playing") return;
    this.passed = this.mode === "past" ? this.walk.at(from) - this.walk.at(this.seq) : 0;
    this.left = this.seq;
    this.#stop();
    this.seq = Math.min(from, this.log.end);
    this.resting = 0;
    this.summedUp = "";
    this.mode = "now";
    this.shown = this.seq;
    this.since = Number.NEGATIVE_INFINITY; // What is passed over need not be read to its end.
    this.touch();
  }

  /** Back to what was passed over by acting. */
  goBack() {
    this.passed = 0;
    this.seek(this.left);
  }

  /** Playing is to rest on the beat of a seq. Whoever is behind it already stays where they are. @param {number} seq */
  restAt(seq) {
    if (this.mode === "playing" && this.seq < seq) this.resting = seq;
  }

  /** Whether what decides was looked at for long enough where the kernel is held, and nothing plays. @param {number} seq */
  looked(seq) {
    if (this.mode !== "now" || !this.follows || this.log.head.state.pace === "live") return true;
    const stay = DECIDED_MS / this.speed;
    if (this.decisive !== seq) {
      this.decisive = seq;
      this.decided = performance.now();
      window.setTimeout(() => this.touch(), stay);
    }
    return performance.now() - this.decided >= stay - 1;
  }

  /** To what playing is to rest on, else to the end. */
  skip() {
    this.decided = Number.NEGATIVE_INFINITY;
    this.seek(this.resting ? this.#decisive : this.log.end);
  }

  /** @param {1 | -1} direction */
  hurry(direction) {
    const at = SPEEDS.indexOf(this.speed) + direction;
    this.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))];
    if (this.mode === "playing") this.#wait();
    this.touch();
  }

  /** @param {Gait} gait */
  walkBy(gait) {
    this.gait = gait;
    this.chosen = true;
    if (this.mode === "playing") this.#wait();
    this.touch();
  }

  #play() {
    const long = this.walk.takesLonger(this.seq, this.log.end, LONG_MS * this.speed);
    this.gait = long ? "scenes" : "beats";
    this.chosen = false;
    this.summedUp = "";
    this.mode = "playing";
    this.#wait();
  }

  /** Goes on when what is on the screen has been there long enough. */
  #wait() {
    window.clearTimeout(this.timer);
    const left = this.since + this.#stay() / this.speed - performance.now();
    this.timer = window.setTimeout(() => this.#advance(), Math.max(0, left));
  }

  /** How long what is on the screen is to stay there, in ms. */
  #stay() {
    const { walk } = this;
    if (this.resting && this.seq >= this.#decisive) return DECIDED_MS;
    if (this.gait === "beats") return walk.dwell(walk.at(this.seq));
    const passage = walk.passage(this.seq);
    const beats = beatsOf(passage);
    return Math.max(
      beats > FEW_PICTURES ? PICTURE_MS : FEW_MS,
      walk.passageDwell(passage) / Math.min(MOST_PICTURES, beats),
    );
  }

  /** Where playing goes next: a beat on, or some at once in a scene that has many. */
  #onward() {
    const { walk } = this;
    if (this.gait === "beats") return walk.next(this.seq);
    const next = walk.onward(this.seq);
    const passage = walk.passage(next);
    const stride = Math.ceil(beatsOf(passage) / MOST_PICTURES);
    return walk.stop(Math.min(walk.at(next) + stride - 1, passage.last));
  }

  #advance() {
    const { walk, log, resting } = this;
    if (!this.chosen && walk.takesLonger(this.seq, resting || log.end, LAG_MS * this.speed)) this.gait = "scenes";
    const next = this.#onward();
    if (resting && this.seq >= this.#decisive) {
      this.seek(this.seq);
      return;
    }
    this.seq = resting ? Math.min(next, this.#decisive) : next;
    this.summedUp = this.gait === "beats" ? walk.summedUp(this.seq) : "";
    this.due = true;
    if (!resting && next >= log.end) {
      this.#stop();
      this.mode = "now";
    }
    this.touch();
  }

  /** The picture that playing has got to is on the screen: from now on it is looked at. */
  #shown() {
    this.due = false;
    this.since = performance.now();
    if (this.mode === "playing") this.#wait();
  }

  /** Where the beat ends that playing rests on. */
  get #decisive() {
    return this.walk.stop(this.walk.at(this.resting));
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

/** @param {import("./walk.js").Passage} passage */
function beatsOf({ first, last }) {
  return last - first + 1;
}
