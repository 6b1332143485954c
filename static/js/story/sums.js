// Sums up what repeats in a story: of many equal connections, the third to the last but one are one stop. Pure.
// Scenes repeat in rounds (connect, bytes, end, connect, …); beats of one scene repeat when their messages were all told.

import { sentence } from "./beats.js";

/** @typedef {import("./beats.js").Beat} Beat */
/** @typedef {import("./beats.js").Scene} Scene */
/** @typedef {import("./beats.js").Story} Story */
/**
 * @typedef {object} Sum a stretch of beats that are alike
 * @property {number} first the index of its first beat
 * @property {number} last and of its last one; more of the log may bring more
 * @property {string} words
 */

/** So often something is told before more of it is summed up. */
const TOLD = 2;
/** So many beats of one scene that say nothing new are a stop. */
const MANY_BEATS = 24;
/** So many equal rounds of scenes at least, so many scenes in a round at most. */
const MANY_ROUNDS = 8;
const LONGEST_ROUND = 6;
/** These say by themselves who does it, so two are alike only if all of their words are. */
const NAMED = new Set(["start", "change", "over", "last"]);

export class Sums {
  #read = 0;
  /** What the beats of the scene that is on have said → how often. @type {Map<string, number>} */
  #said = new Map();
  #again = 0;
  /** Of each scene, the index of its first beat. @type {number[]} */
  #begins = [];
  /** Of each scene that is over, what it is alike by. @type {string[]} */
  #kinds = [];
  /** Length of a round → how many scenes in a row are like the one a round before. */
  #equal = new Array(LONGEST_ROUND + 1).fill(0);
  /** Of scenes, and of beats within one scene; in order. @type {Sum[]} */
  scenes = [];
  /** @type {Sum[]} */
  beats = [];

  /** @param {Story} story */
  constructor(story) {
    this.story = story;
  }

  /** The stretch of scenes that a beat is part of. @param {number} index */
  ofScenes(index) {
    this.#catchUp();
    return covering(this.scenes, index);
  }

  /** The stretch that a beat is part of: of scenes, else within its scene. @param {number} index */
  ofBeats(index) {
    return this.ofScenes(index) ?? covering(this.beats, index);
  }

  /** The last beat may still grow, and the last scene be about something else. */
  #catchUp() {
    for (; this.#read < this.story.beats.length - 1; this.#read += 1) {
      const { scene } = this.story.beats[this.#read];
      if (scene !== this.story.scenes[this.#begins.length - 1]?.id) this.#begin();
      this.#count(this.#read);
    }
  }

  #begin() {
    this.#begins.push(this.#read);
    this.#said = new Map();
    this.#again = 0;
    const over = this.#begins.length - 2;
    if (over >= 0) this.#close(over);
  }

  /** @param {number} index */
  #count(index) {
    const key = kindOf(this.story.beats[index]);
    const times = this.#said.get(key) ?? 0;
    this.#said.set(key, times + 1);
    this.#again = times < TOLD ? 0 : this.#again + 1;
    if (this.#again < MANY_BEATS) return;
    const heading = this.story.scenes[this.#begins.length - 1].heading;
    const slots = { count: String(this.#again), heading: sentence(heading) };
    set(this.beats, index - this.#again + 1, index, sentence({ message: "sum.beats", slots }));
  }

  /** @param {number} number of a scene */
  #close(number) {
    const { purpose, heading } = this.story.scenes[number];
    this.#kinds.push(NAMED.has(purpose) ? sentence(heading) : heading.message);
    const equal = this.#equal;
    for (let round = 1; round <= LONGEST_ROUND; round += 1)
      equal[round] = this.#kinds[number] === this.#kinds[number - round] ? equal[round] + 1 : 0;
    const round = equal.findIndex((scenes, length) => length > 0 && scenes >= (MANY_ROUNDS - 1) * length);
    if (round < 0) return;
    const [first, last] = [number + 1 - equal[round] + (TOLD - 1) * round, number - round];
    const headings = this.story.scenes.slice(first, first + round).map((scene) => sentence(scene.heading));
    const slots = { count: String(last - first + 1), heading: headings.join(" · ") };
    const words = sentence({ message: "sum.scenes", slots });
    set(this.scenes, this.#begins[first], this.#begins[last + 1] - 1, words);
  }
}

/** Let the last sum reach further, or add one. @param {Sum[]} sums @param {number} first @param {number} last @param {string} words */
function set(sums, first, last, words) {
  if (sums.at(-1)?.first === first) sums.pop();
  sums.push({ first, last, words });
}

/** A beat's messages with their program and error, and without addresses and numbers. @param {Beat} beat */
function kindOf({ said }) {
  return said
    .map(({ message, slots }) => `${message} ${slots.who ?? slots.program ?? ""} ${slots.error ?? ""}`)
    .join("\n");
}

/** @param {Sum[]} sums @param {number} index */
function covering(sums, index) {
  let [low, high] = [0, sums.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle].first <= index) low = middle + 1;
    else high = middle;
  }
  const found = sums[low - 1];
  return found && index <= found.last ? found : undefined;
}
