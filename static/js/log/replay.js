// The recorded source of events: the face of stream.js, with a finished log behind it instead of a sandbox.
// A recording comes from an address, from a file of the visitor's, or from the page that holds it. It is checked
// line by line, because it may come from anywhere; nothing of it is shown unless all of it is whole.

import { FIELDS } from "./fields.js";
import { LAB_EVENT_TYPES } from "./lab_protocol.js";
import { RefusedError } from "./stream.js";

/** @typedef {import("./lab_protocol.js").LabEvent} LabEvent */
/** @typedef {import("./protocol.js").Event} Event */
/** @typedef {import("./stream.js").Face} Face */
/** @typedef {import("./stream.js").LinkState} LinkState */
/** @typedef {{recording: number, title?: string, made?: string}} Header the first line of the file */

const FORMAT = 1;
/** Several logs in one file: each line names its log. */
const SEVERAL = 2;
const BATCH = 500;
const GZIP = [0x1f, 0x8b];

/** Why nothing can be done to what is on the screen. */
export const REASON = "This is a recording. Nothing runs, so nothing can be started, held or dropped.";

export class Replay {
  /** @param {Face} face */
  constructor(face) {
    this.face = face;
    /** @type {LinkState} */
    this.state = "connecting";
    /** @type {Header} */
    this.header = { recording: FORMAT };
    /** @type {Uint8Array | null} the file's bytes */
    this.bytes = null;
    /** @type {LabEvent[]} the log of the lab run, if the recording holds one */
    this.lab = [];
    /** The id of the sandbox whose log is shown; empty: the file does not say. */
    this.sandbox = "";
  }

  /** When it was recorded, as people write it; empty if the file does not say. */
  get date() {
    const made = new Date(this.header.made ?? "");
    if (Number.isNaN(made.getTime())) return "";
    return made.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  }

  /** What the page says of itself: nobody may take it for what happens now. */
  get badge() {
    return this.date ? `Recording, ${this.date}` : "Recording";
  }

  /** @param {string} address */
  async fetch(address) {
    await this.#show(async () => {
      const answer = await fetch(address).catch(() => null);
      if (!answer) throw refused("The server does not answer.", "Is it running? Then reload this page.");
      if (!answer.ok) throw new RefusedError(await answer.json());
      return new Uint8Array(await answer.arrayBuffer());
    }, "The recording");
  }

  /** @param {File} file */
  async open(file) {
    await this.#show(async () => {
      const buffer = await file.arrayBuffer().catch(() => null);
      if (!buffer) throw refused(`${file.name} cannot be read.`, "Is it a file, and may you read it?");
      return new Uint8Array(buffer);
    }, file.name);
  }

  /** What the page holds: the file as base64. @param {string} base64 */
  async unpack(base64) {
    await this.#show(async () => Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)), "The recording");
  }

  /** The sender's way down ends here. @returns {Promise<any>} */
  request() {
    const hint = "Start a playground to do it yourself.";
    return Promise.reject(new RefusedError({ title: "This is a recording", status: 409, detail: REASON, hint }));
  }

  /**
   * @param {() => Promise<Uint8Array>} get
   * @param {string} name what messages call it
   */
  async #show(get, name) {
    let at = 0;
    try {
      this.bytes = await get();
      const { header, events, lab, sandbox } = parse(await content(this.bytes, name), name);
      this.header = header;
      this.lab = lab;
      this.sandbox = sandbox;
      for (at = 0; at < events.length; at += BATCH) this.face.onEvents(events.slice(at, at + BATCH));
    } catch (error) {
      this.bytes = null;
      const problem =
        error instanceof RefusedError
          ? error.problem
          : told(`${name} cannot be shown: near event ${at + 1}, ${error}.`, "Record it again.");
      this.#become("refused", problem);
      return;
    }
    this.#become("recording");
  }

  /** @param {LinkState} state @param {import("./stream.js").Problem} [problem] */
  #become(state, problem) {
    this.state = state;
    this.face.onLink(state, problem);
  }
}

/**
 * The text of a recording; its first bytes say whether it is compressed.
 * @param {Uint8Array} bytes
 * @param {string} name
 */
async function content(bytes, name) {
  let whole = bytes;
  if (GZIP.every((byte, index) => bytes[index] === byte)) {
    const unpacked = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
    const buffer = await new Response(unpacked).arrayBuffer().catch(() => null);
    if (!buffer) throw refused(`${name} is cut or damaged: it cannot be decompressed to its end.`, "Record it again.");
    whole = new Uint8Array(buffer);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(whole);
  } catch {
    throw foreign(name);
  }
}

/**
 * @param {string} text
 * @param {string} name
 * @returns {{header: Header, events: Event[], lab: LabEvent[], sandbox: string}}
 */
export function parse(text, name) {
  const lines = text.split("\n");
  if (lines[0].startsWith('{"format"')) return parseSeveral(lines, name);
  /** @type {Event[]} */
  const events = [];
  /** @type {Header} */
  let header = { recording: FORMAT };
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    if (index === 0 && !line.startsWith('{"seq"')) header = headerOf(line, name);
    else events.push(eventOf(line, events.length + 1, `${name}, line ${index + 1}`));
  }
  if (events.length === 0) throw refused(`${name} holds no event.`, "Record it again.");
  return { header, events, lab: [], sandbox: "" };
}

/**
 * A recording of several logs: the last lab run in it, and the last sandbox.
 * @param {string[]} lines
 * @param {string} name
 */
function parseSeveral(lines, name) {
  const header = read(lines[0]);
  if (!header || typeof header.logs !== "object" || !header.logs) throw foreign(name);
  if (header.format !== SEVERAL)
    throw refused(`${name} has format ${header.format}; this page reads up to ${SEVERAL}.`, "Update Socketlab.");
  const last = (/** @type {string} */ kind) =>
    Object.keys(header.logs).findLast((log) => header.logs[log]?.kind === kind) ?? "";
  const [run, sandbox] = [last("lab"), last("sandbox")];
  /** @type {Event[]} */
  const events = [];
  /** @type {LabEvent[]} */
  const lab = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === "") continue;
    const where = `${name}, line ${index + 1}`;
    const { log, ...event } = read(line) ?? {};
    if (log === sandbox) events.push(eventOf(JSON.stringify(event), events.length + 1, where));
    else if (log === run) lab.push(labEventOf(event, lab.length + 1, where));
    else if (!(log in header.logs)) throw refused(`${where} names no log of this file.`, "Record it again.");
  }
  if (events.length === 0) throw refused(`${name} holds no event of a sandbox.`, "Record it again.");
  const word = (/** @type {unknown} */ value) => (typeof value === "string" ? value : "");
  return { header: { recording: SEVERAL, title: word(header.title), made: word(header.made) }, events, lab, sandbox };
}

/** @param {Record<string, any>} event @param {number} due @param {string} where @returns {LabEvent} */
function labEventOf(event, due, where) {
  const hint = "The file was cut or edited. Record it again.";
  if (!LAB_EVENT_TYPES.includes(String(event.type))) throw refused(`${where} is no event of a lab run.`, hint);
  if (event.seq !== due) throw refused(`${where} has seq ${event.seq}, but ${due} is due.`, hint);
  return /** @type {LabEvent} */ (/** @type {unknown} */ (event));
}

/** @param {string} line @param {string} name @returns {Header} */
function headerOf(line, name) {
  const header = read(line);
  if (!header || !Number.isInteger(header.recording)) throw foreign(name);
  if (header.recording > FORMAT)
    throw refused(`${name} has format ${header.recording}; this page reads up to ${FORMAT}.`, "Update Socketlab.");
  const word = (/** @type {unknown} */ value) => (typeof value === "string" ? value : "");
  return { recording: header.recording, title: word(header.title), made: word(header.made) };
}

/** @param {string} line @param {number} due @param {string} where @returns {Event} */
function eventOf(line, due, where) {
  const event = read(line);
  const hint = "The file was cut or edited. Record it again.";
  const wrong = event ? wrongWith(event) : "it cannot be read";
  if (wrong) throw refused(`${where} is no event: ${wrong}.`, hint);
  if (event.seq !== due) throw refused(`${where} has seq ${event.seq}, but ${due} is due.`, hint);
  return event;
}

/**
 * What is wrong with an event from elsewhere; empty if nothing is.
 * @param {Record<string, unknown>} event
 */
function wrongWith(event) {
  const fields = Object.hasOwn(FIELDS, String(event.type)) ? FIELDS[String(event.type)] : null;
  if (!fields) return `its type is ${String(event.type)}`;
  for (const [name, kinds] of Object.entries(fields)) {
    const field = name.replace("?", "");
    const leftOut = event[field] === undefined;
    if (leftOut ? field === name : !fits(event[field], kinds)) return `its ${field} is ${JSON.stringify(event[field])}`;
  }
  return "";
}

/** @param {unknown} value @param {string} kinds such as "string[]|null" @returns {boolean} */
function fits(value, kinds) {
  return kinds.split("|").some((kind) => {
    if (kind.endsWith("[]")) return Array.isArray(value) && value.every((each) => fits(each, kind.slice(0, -2)));
    if (kind === "null") return value === null;
    return typeof value === kind && value !== null && !Array.isArray(value);
  });
}

/** @param {string} line @returns {any} the object of a line; null if it is none */
function read(line) {
  try {
    const value = JSON.parse(line);
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/** @param {string} name */
function foreign(name) {
  return refused(
    `${name} is no recording: its first line is neither an event nor a heading.`,
    "Make one with Export on the page, or with socketlab trace --record FILE.",
  );
}

/** @param {string} detail @param {string} hint */
function refused(detail, hint) {
  return new RefusedError(told(detail, hint));
}

/** @param {string} detail @param {string} hint */
function told(detail, hint) {
  return { title: "That cannot be shown", status: 422, detail, hint };
}
