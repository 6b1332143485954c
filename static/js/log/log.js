// The log as the page has it: every event so far, what each of them says about a call, a packet, a socket,
// and the scene (state and places) at any seq. Checkpoints make a look back as cheap as a look forward.

import { copy, fold, initial } from "./fold.js";
import { copyPlaces, foldPlaces, initialPlaces } from "./places.js";

/** @typedef {import("./protocol.js").Event} Event */
/** @typedef {import("./protocol.js").SyscallEntered} SyscallEntered */
/** @typedef {import("./protocol.js").SyscallReturned} SyscallReturned */
/** @typedef {import("./protocol.js").PacketSent} PacketSent */
/** @typedef {import("./protocol.js").PacketDelivered | import("./protocol.js").PacketDropped} PacketFate */
/** @typedef {import("./protocol.js").ProcessStarted} ProcessStarted */
/** @typedef {import("./state.js").State} State */
/** @typedef {{state: State, places: import("./places.js").Places}} Scene */
/**
 * @typedef {object} Note
 * @property {string} text a sentence
 * @property {string} [mark] the name of the moment, if it is a telling one
 * @property {boolean} [aside] about how we watch, and not about what happens: it does not stay
 */
/** @typedef {(event: Event, scene: Scene, log: Log) => Note | null} Narrator */

/** Events between two checkpoints; with many sockets more of them, so that the checkpoints do not outgrow the log. */
const CHECKPOINT_EVERY = 500;

/** A list that is not what comes next: the source must start again after `expected - 1`. */
export class GapError extends Error {
  /**
   * @param {number} expected
   * @param {number} got
   */
  constructor(expected, got) {
    super(`expected event ${expected}, got ${got}`);
    this.expected = expected;
  }
}

export class Log {
  /** @param {Narrator} narrate called once for each event, with the scene after it */
  constructor(narrate) {
    this.narrate = narrate;
    /** @type {Event[]} */
    this.events = [];
    /** @type {(Note | null)[]} by seq - 1 */
    this.notes = [];
    /** @type {{seq: number, mark: string}[]} */
    this.marks = [];
    /** @type {Map<number, SyscallEntered>} */
    this.calls = new Map();
    /** @type {Map<number, SyscallReturned>} */
    this.returns = new Map();
    /** @type {Map<number, PacketSent>} */
    this.packets = new Map();
    /** @type {Map<number, PacketFate>} */
    this.fates = new Map();
    /** @type {Map<string, number[]>} seqs of each socket's rows */
    this.rows = new Map();
    /** @type {Map<number, ProcessStarted>} */
    this.processes = new Map();
    /** @type {Map<number, number[]>} seqs of what each process printed */
    this.outputs = new Map();
    /** @type {Scene} the scene after the last event; folded on, never copied for reading */
    this.head = { state: initial(), places: initialPlaces() };
    /** @type {Scene[]} copies of some scenes of the past, the first of them before the first event */
    this.checkpoints = [copyScene(this.head)];
    this.sockets = 0;
    /** @type {Scene | null} where the last look back stands */
    this.cursor = null;
  }

  get end() {
    return this.events.length;
  }

  /**
   * @param {number} seq
   * @returns {Event | undefined}
   */
  event(seq) {
    return this.events[seq - 1];
  }

  /**
   * Takes the next events. Those that are known already are passed over; a gap is an error.
   * @param {Event[]} list
   */
  append(list) {
    for (const event of list) {
      const expected = this.events.length + 1;
      if (event.seq < expected) continue;
      if (event.seq > expected) throw new GapError(expected, event.seq);
      this.events.push(event);
      this.#index(event);
      step(this.head, event);
      const note = this.narrate(event, this.head, this);
      this.notes.push(note);
      if (note?.mark) this.marks.push({ seq: event.seq, mark: note.mark });
      const { seq } = this.checkpoints[this.checkpoints.length - 1].state;
      if (event.seq - seq >= Math.max(CHECKPOINT_EVERY, this.sockets / 2)) this.checkpoints.push(copyScene(this.head));
    }
  }

  /**
   * The scene after the event `seq`. It is the log's own: read it, do not keep it.
   * @param {number} seq
   * @returns {Scene}
   */
  at(seq) {
    if (seq >= this.end) return this.head;
    const wanted = Math.max(0, seq);
    const checkpoint = /** @type {Scene} */ (this.checkpoints.findLast((scene) => scene.state.seq <= wanted));
    const near = this.cursor && this.cursor.state.seq <= wanted && this.cursor.state.seq >= checkpoint.state.seq;
    if (!near) this.cursor = copyScene(checkpoint);
    const scene = /** @type {Scene} */ (this.cursor);
    for (let next = scene.state.seq; next < wanted; next += 1) step(scene, this.events[next]);
    return scene;
  }

  /**
   * The last sentence at or before `seq`; an aside only while nothing has happened yet.
   * @param {number} seq
   * @returns {{seq: number, note: Note} | null}
   */
  said(seq) {
    let aside = null;
    for (let index = Math.min(seq, this.end) - 1; index >= 0; index -= 1) {
      const note = this.notes[index];
      if (note && !note.aside) return { seq: index + 1, note };
      if (note) aside ??= { seq: index + 1, note };
    }
    return aside;
  }

  /** @param {Event} event */
  #index(event) {
    switch (event.type) {
      case "syscall.entered":
        this.calls.set(event.call, event);
        break;
      case "syscall.returned":
        this.returns.set(event.call, event);
        break;
      case "packet.sent":
        this.packets.set(event.packet, event);
        break;
      case "packet.delivered":
      case "packet.dropped":
        this.fates.set(event.packet, event);
        break;
      case "process.started":
        this.processes.set(event.pid, event);
        break;
      case "process.output":
        push(this.outputs, event.pid, event.seq);
        break;
      case "socket.appeared":
      case "socket.changed":
      case "socket.vanished":
        if (event.type === "socket.appeared") this.sockets += 1;
        if (event.type === "socket.vanished") this.sockets -= 1;
        push(this.rows, event.socket, event.seq);
        break;
    }
  }
}

/**
 * @param {Scene} scene
 * @param {Event} event
 */
function step(scene, event) {
  fold(scene.state, event);
  foldPlaces(scene.places, event);
}

/**
 * @param {Scene} scene
 * @returns {Scene}
 */
function copyScene(scene) {
  return { state: copy(scene.state), places: copyPlaces(scene.places) };
}

/**
 * @template K
 * @param {Map<K, number[]>} map
 * @param {K} key
 * @param {number} seq
 */
function push(map, key, seq) {
  const list = map.get(key);
  if (list) list.push(seq);
  else map.set(key, [seq]);
}
