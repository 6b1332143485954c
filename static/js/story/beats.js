// A log as beats and scenes, as in server/story/beats.py; a test gives both every recording. Pure.
// A beat's id is the seq of its first foreground event, a scene's the id of its first beat. More of a log changes the
// last beat and the last scene, and no other.

import { PREDICATES } from "./predicates.js";
import { slotsOf, subjectsOf } from "./slots.js";
import { COUNTED, OTHERWISE, RULES, SENTENCES } from "./table.js";
import { Told } from "./told.js";

/** @typedef {import("../log/protocol.js").Event} Event */
/** @typedef {import("./slots.js").Slots} Slots */
/** @typedef {import("./table.js").Rule} Rule */
/** @typedef {{message: string, slots: Slots}} Said a message and what fills its sentence */
/**
 * @typedef {object} Beat
 * @property {number[]} seqs its foreground events, in order; the first is its id
 * @property {number} scene the id of its scene
 * @property {Said[]} said a sentence for each of the events, and what an errno among them means
 */
/**
 * @typedef {object} Scene
 * @property {number} id the id of its first beat
 * @property {string} purpose what it is about
 * @property {Said} heading what happens in it; it may grow while the scene is the last one
 */

const SLOT = /\{(\w+)\}/g;

/** The sentence of a message; a slot's value is never looked at. @param {Said} said */
export function sentence({ message, slots }) {
  return SENTENCES[message].replace(SLOT, (_found, name) => slots[name]);
}

/** Cuts a log that is told to it event by event. */
export class Story {
  constructor() {
    /** @type {Beat[]} so far; the last one is open */
    this.beats = [];
    /** @type {Scene[]} so far; the last one is open */
    this.scenes = [];
    this.told = new Told();
    /** @type {Set<string>} what the last beat is about */
    this.subjects = new Set();
    /** @type {Map<string, Set<string>>} what has come to the scene that is on */
    this.counted = new Map();
    this.over = true;
  }

  /** Take the next event of the log. @param {Event} event */
  add(event) {
    const rule = this.#rule(event);
    const told = rule ? this.#tell(event.seq, event, rule) : false;
    this.told.remember(event, rule && told ? rule.message : "");
  }

  /** @param {Event} event */
  #rule(event) {
    const found = RULES[event.type]?.find((rule) => rule.when.every((name) => PREDICATES[name](this.told, event)));
    return found?.message ? found : undefined;
  }

  /**
   * Make a foreground event part of a beat; false: it is background, for it joins none.
   * @param {number} seq
   * @param {Event} event
   * @param {Rule} rule
   */
  #tell(seq, event, rule) {
    const subjects = subjectsOf(this.told, event);
    const last = this.beats.at(-1);
    const near = last !== undefined && rule.joins.includes(/** @type {Said} */ (last.said.at(-1)).message);
    const joins = near && [...subjects].some((subject) => this.subjects.has(subject));
    if (!joins && !rule.alone) return false;
    const slots = slotsOf(this.told, event);
    const said = [say(rule.message, slots)];
    const meaning = `error.${slots.error}`;
    if (meaning in SENTENCES) said.push({ message: meaning, slots: {} });
    if (last && joins) {
      last.seqs.push(seq);
      last.said.push(...said);
      for (const subject of subjects) this.subjects.add(subject);
    } else {
      this.#setScene(seq, rule.leads);
      this.beats.push({ seqs: [seq], scene: this.#scene.id, said });
      this.subjects = subjects;
    }
    this.#head(rule, slots, subjects);
    return true;
  }

  // Scenes

  get #scene() {
    return /** @type {Scene} */ (this.scenes.at(-1));
  }

  /**
   * Begin another scene if the one that is on is over, or the beat leads to another one.
   * @param {number} seq
   * @param {string} leads
   */
  #setScene(seq, leads) {
    if (!this.over && !(leads && this.#isLeft(leads))) return;
    this.over = false;
    this.counted = new Map();
    const purpose = leads || "last";
    this.scenes.push({ id: seq, purpose, heading: { message: OTHERWISE[purpose] ?? `scene.${purpose}`, slots: {} } });
  }

  /**
   * Whether a beat that leads to a purpose leaves the scene that is on. Connections that are made at the same time
   * share one scene, so none is left while a handshake is under way.
   * @param {string} purpose
   */
  #isLeft(purpose) {
    if (this.#scene.purpose === "connect") {
      if (purpose === "refused" || purpose === "failed")
        return this.#count("asks", "syns") > 1 && this.told.openings.size < 2;
      if (this.told.openings.size > 0) return false;
    }
    if (purpose === "over") return !["end", "over", "last"].includes(this.#scene.purpose);
    if (this.#scene.purpose !== purpose) return true;
    return (purpose === "start" || purpose === "connect") && this.#isSettled(purpose);
  }

  /** Whether the scene that is on has reached what it is about, so that more of the same is another one. @param {string} purpose */
  #isSettled(purpose) {
    const syns = this.#count("syns");
    if (purpose === "start" || syns === 0) return this.#count("settled") > 0;
    return this.#count("asks") <= syns;
  }

  /** @param {string[]} names */
  #count(...names) {
    return Math.max(...names.map((name) => this.counted.get(name)?.size ?? 0));
  }

  /**
   * Let the scene that is on say what has come to it.
   * @param {Rule} rule
   * @param {Slots} slots
   * @param {Set<string>} subjects
   */
  #head(rule, slots, subjects) {
    const scene = this.#scene;
    const fails = rule.leads === "refused" || rule.leads === "failed";
    if (fails && ["connect", "refused", "failed"].includes(scene.purpose)) {
      this.#turn(scene, rule.leads, slots);
      this.over = rule.message === "call.fails" && scene.purpose !== "connect";
    }
    const [name, kind] = COUNTED[`${scene.purpose} ${rule.message}`] ?? ["", ""];
    if (!name) return;
    const counted = this.counted.get(name) ?? new Set();
    this.counted.set(name, counted);
    for (const subject of subjects) if (subject.startsWith(kind)) counted.add(subject);
    if (name !== "settled") scene.heading = this.#heading(scene, slots);
  }

  /**
   * What was to be a connection has become none; of several, the others may still become some.
   * @param {Scene} scene
   * @param {string} purpose
   * @param {Slots} slots
   */
  #turn(scene, purpose, slots) {
    if (scene.purpose === "connect" && this.#count("asks", "syns") > 1) return;
    scene.purpose = purpose;
    scene.heading = { message: `scene.${purpose}`, slots: { host: slots.host || slots.target_host } };
  }

  /** @param {Scene} scene @param {Slots} slots @returns {Said} */
  #heading(scene, slots) {
    const number = this.#count("starts", "asks", "syns", "ends");
    if (number > 1) return { message: `scene.${scene.purpose}.many`, slots: { count: String(number) } };
    if (scene.heading.message === "scene.connect") return scene.heading;
    return say(`scene.${scene.purpose}`, { address: slots.target ?? "", host: slots.source_host ?? "", ...slots });
  }
}

/** A message with those slots that its sentence names. @param {string} message @param {Slots} slots @returns {Said} */
function say(message, slots) {
  const names = [...SENTENCES[message].matchAll(SLOT)].map((found) => found[1]);
  return { message, slots: Object.fromEntries(names.map((name) => [name, slots[name]])) };
}
