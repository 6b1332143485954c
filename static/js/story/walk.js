// Where a person can stop in a log: at the end of each beat, and of each scene. Pure; it reads on as the log grows.
// A beat's stop is the last seq before the next beat, so that what the kernel did besides is in the picture.
// Who steps passes a stretch of equal ones at once (sums.js); inside it, each has its stop as ever.

import { Story, sentence } from "./beats.js";
import { Sums } from "./sums.js";

/** @typedef {import("../log/log.js").Log} Log */
/** @typedef {import("./beats.js").Beat} Beat */
/** @typedef {import("./beats.js").Scene} Scene */
/**
 * @typedef {object} Passage a scene, or several that are alike
 * @property {number} first the index of its first beat; -1: nothing is told yet
 * @property {number} last and of its last one
 * @property {string} words what it is about
 */
/**
 * @typedef {object} Ahead how much of a story lies behind a moment
 * @property {number} beats
 * @property {number} ns by the kernel's clock
 */

/** A sentence stays so long at least, and so long for each of its characters. */
const LEAST_MS = 1500;
const CHARACTER_MS = 60;

export class Walk {
  #story = new Story();
  #sums = new Sums(this.#story);
  #read = 0;

  /** @param {Log} log */
  constructor(log) {
    this.log = log;
  }

  /** @returns {Beat[]} */
  get beats() {
    return this.#told().beats;
  }

  /** @returns {Scene[]} */
  get scenes() {
    return this.#told().scenes;
  }

  #told() {
    for (; this.#read < this.log.end; this.#read += 1) this.#story.add(this.log.events[this.#read]);
    return this.#story;
  }

  /** The beat that is on at a moment, by its index; -1: none yet. @param {number} seq */
  at(seq) {
    return lastBefore(this.beats, seq, (beat) => beat.seqs[0]);
  }

  /** The scene that is on at a moment, by its index; -1: none yet. @param {number} seq */
  sceneAt(seq) {
    return lastBefore(this.scenes, seq, (scene) => scene.id);
  }

  /** The seq at which a beat is over; that of -1 is the last one before anything is told. @param {number} index */
  stop(index) {
    const next = this.beats[index + 1];
    return next ? next.seqs[0] - 1 : this.log.end;
  }

  /** @param {number} index */
  sceneStop(index) {
    const next = this.scenes[index + 1];
    return next ? next.id - 1 : this.log.end;
  }

  /** The scene that is on at a moment, or those alike. @param {number} seq @returns {Passage} */
  passage(seq) {
    const sum = this.#sums.ofScenes(this.at(seq));
    if (sum) return sum;
    const index = this.sceneAt(seq);
    const [first, last] = [index < 0 ? -1 : this.at(this.scenes[index].id), this.at(this.sceneStop(index))];
    return { first, last, words: this.heading(index) };
  }

  /** One beat on, or to the end of the one that is on. @param {number} seq */
  onward(seq) {
    const index = this.at(seq);
    return seq < this.stop(index) ? this.stop(index) : this.stop(Math.min(index + 1, this.beats.length - 1));
  }

  /** One stop on: a beat, or many that are alike. @param {number} seq */
  next(seq) {
    const index = this.at(seq);
    const sum = seq < this.stop(index) ? undefined : this.#sums.ofBeats(index + 1);
    return sum?.first === index + 1 ? this.stop(sum.last) : this.onward(seq);
  }

  /** One stop back. @param {number} seq */
  back(seq) {
    const index = this.at(seq);
    return index < 0 ? 0 : this.stop((this.#sumAt(seq)?.first ?? index) - 1);
  }

  /** One scene on, or what is left of the one that is on. @param {number} seq */
  nextScene(seq) {
    const end = this.stop(this.passage(seq).last);
    return seq < end ? end : this.stop(this.passage(this.onward(seq)).last);
  }

  /** @param {number} seq */
  backScene(seq) {
    const { first } = this.passage(seq);
    return first < 0 ? 0 : this.stop(first - 1);
  }

  /** What was passed at once by who has stepped to a moment; empty: nothing was. @param {number} seq */
  summedUp(seq) {
    return this.#sumAt(seq)?.words ?? "";
  }

  /** What is summed up and ends at a moment. @param {number} seq */
  #sumAt(seq) {
    const index = this.at(seq);
    const sum = this.#sums.ofBeats(index);
    return sum?.last === index && seq === this.stop(index) ? sum : undefined;
  }

  /** What a beat says, as far as it has got at a moment. @param {number} index @param {number} [seq] */
  words(index, seq = Number.POSITIVE_INFINITY) {
    const beat = this.beats[index];
    if (!beat) return "";
    let told = 0; // Each foreground event has a sentence; what an errno means follows that of its event.
    const said = beat.said.filter(({ message }) => {
      if (!message.startsWith("error.")) told += 1;
      return beat.seqs[told - 1] <= seq;
    });
    return said.map(sentence).join(" ");
  }

  /** What a scene is about. @param {number} index */
  heading(index) {
    const scene = this.scenes[index];
    return scene ? sentence(scene.heading) : "";
  }

  /** How long a beat stays on the screen, in ms. @param {number} index */
  dwell(index) {
    return reading(this.words(index));
  }

  /** How long a passage stays when only what it is about is said, in ms. @param {Passage} passage */
  passageDwell({ words }) {
    return reading(words);
  }

  /** Whether it takes longer than some ms to read what lies between two moments. @param {number} from @param {number} to @param {number} ms */
  takesLonger(from, to, ms) {
    let left = ms;
    for (let index = this.at(from) + 1; index < this.beats.length && this.beats[index].seqs[0] <= to; index += 1) {
      left -= this.dwell(index);
      if (left < 0) return true;
    }
    return false;
  }

  /** What lies behind a moment. @param {number} seq @returns {Ahead} */
  ahead(seq) {
    const index = this.at(seq);
    const beats = this.beats.length - 1 - index;
    const here = this.log.event(Math.max(1, seq))?.t ?? 0;
    return { beats, ns: beats > 0 ? (this.log.events.at(-1)?.t ?? here) - here : 0 };
  }
}

/** @param {string} words */
function reading(words) {
  return Math.max(LEAST_MS, CHARACTER_MS * words.length);
}

/**
 * The last of a list that begins at a seq or before it; -1: none.
 * @template T
 * @param {T[]} list
 * @param {number} seq
 * @param {(one: T) => number} begins
 */
function lastBefore(list, seq, begins) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (begins(list[middle]) <= seq) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
