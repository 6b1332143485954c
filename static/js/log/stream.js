// The live source of events: one WebSocket that carries any number of logs down, and commands up. Each log has a channel
// with a face of its own; after a break each goes on after what its face has, so nothing is lost or doubled. A log that has ended
// is left out from then on. Commands are refused while the line is down and never queued, so that none fires minutes
// late; the acts of a lab run, which are done once however often they come, have their queue in acts.js.

/** @typedef {import("./protocol.js").Event} Event */
/** @typedef {{title: string, status: number, detail: string, hint?: string}} Problem */
/** @typedef {"connecting" | "open" | "lost" | "ended" | "refused" | "recording"} LinkState */
/**
 * @typedef {object} Face
 * @property {() => number} after seq of the last event that the page has
 * @property {(events: Event[]) => void} onEvents
 * @property {(state: LinkState, problem?: Problem) => void} onLink
 */

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;
const ANSWER_MS = 15000;

/** A command that was refused, with the problem that says why and what to do. */
export class RefusedError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** One log on the connection. */
export class Channel {
  /**
   * @param {Streams} streams
   * @param {string} id
   * @param {Face} face
   */
  constructor(streams, id, face) {
    this.streams = streams;
    this.id = id;
    this.face = face;
    /** @type {LinkState} */
    this.state = "connecting";
  }

  /** @param {Record<string, unknown>} command @returns {Promise<any>} its result */
  request(command) {
    if (this.state !== "open") return Promise.reject(notConnected());
    return this.streams.request({ log: this.id, ...command });
  }

  /** Nothing more of this log is wanted. */
  close() {
    this.streams.leave(this);
  }

  /** @param {LinkState} state @param {Problem} [problem] */
  become(state, problem) {
    this.state = state;
    this.face.onLink(state, problem);
  }
}

export class Streams {
  /** @param {string} [key] what opens a run or a sandbox to somebody who only watches */
  constructor(key = "") {
    this.key = key;
    /** @type {Map<string, Channel>} */
    this.channels = new Map();
    /** @type {WebSocket | null} */
    this.socket = null;
    this.failures = 0;
    this.ref = 0;
    /** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void, timer: number}>} */
    this.waiting = new Map();
    this.retry = 0;
    /** Whether a break is being looked into, or waited out: whoever follows now is asked for with the others. */
    this.broken = false;
  }

  /** Follows a log. @param {string} id @param {Face} face @returns {Channel} */
  follow(id, face) {
    const channel = new Channel(this, id, face);
    this.channels.set(id, channel);
    if (this.socket?.readyState === WebSocket.OPEN) void this.#followMore(channel);
    else if (!this.socket && !this.broken) this.#connect();
    return channel;
  }

  /** @param {Channel} channel */
  leave(channel) {
    if (this.channels.get(channel.id) === channel) this.channels.delete(channel.id);
  }

  /** @param {Record<string, unknown>} command @returns {Promise<any>} its result */
  request(command) {
    if (this.socket?.readyState !== WebSocket.OPEN) return Promise.reject(notConnected());
    this.ref += 1;
    const ref = this.ref;
    this.socket.send(JSON.stringify({ ref, ...command }));
    return new Promise((resolve, reject) => {
      const problem = { title: "No answer", status: 504, detail: "The server has not answered." };
      const timer = window.setTimeout(() => this.#answer(ref, { ok: false, problem }), ANSWER_MS);
      this.waiting.set(ref, { resolve, reject, timer });
    });
  }

  #connect() {
    window.clearTimeout(this.retry);
    this.broken = false;
    const asked = [...this.channels.values()];
    const query = new URLSearchParams();
    for (const { id, face } of asked) {
      query.append("log", id);
      query.append("after", String(face.after()));
    }
    if (this.key) query.set("key", this.key);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/api/stream?${query}`);
    this.socket = socket;
    let opened = false;
    socket.addEventListener("open", () => {
      opened = true;
      this.failures = 0;
      for (const channel of asked) if (this.#has(channel)) channel.become("open");
      for (const channel of this.channels.values()) if (!asked.includes(channel)) void this.#followMore(channel);
    });
    socket.addEventListener("message", (message) => this.#take(String(message.data)));
    socket.addEventListener("close", (close) => {
      if (this.socket === socket) void this.#closed(close.code, opened);
    });
  }

  /** @param {Channel} channel */
  async #followMore(channel) {
    const { id, face } = channel;
    try {
      await this.request({ command: "stream.follow", log: id, after: face.after() });
      if (this.#has(channel)) channel.become("open");
    } catch (error) {
      const problem = error instanceof RefusedError ? error.problem : undefined;
      if (problem?.status === 504 && this.#has(channel)) void this.#followMore(channel);
      else if (problem && problem.status !== 503) this.#end(channel, "refused", problem);
    }
  }

  /** @param {Channel} channel */
  #has(channel) {
    return this.channels.get(channel.id) === channel;
  }

  /** @param {string} data */
  #take(data) {
    const message = JSON.parse(data);
    if ("ref" in message) {
      this.#answer(message.ref, message);
      return;
    }
    const channel = this.channels.get(message.log);
    if (!channel) return;
    if (message.problem) this.#end(channel, "refused", message.problem);
    else if ("ended" in message) this.#end(channel, "ended");
    else this.#give(channel, message.events);
  }

  /** @param {Channel} channel @param {any[]} events */
  #give(channel, events) {
    try {
      channel.face.onEvents(events);
    } catch (error) {
      console.error(error);
      this.socket?.close(4000, "resync");
    }
  }

  /** @param {Channel} channel @param {"ended" | "refused"} state @param {Problem} [problem] */
  #end(channel, state, problem) {
    if (!this.#has(channel)) return;
    this.channels.delete(channel.id);
    channel.become(state, problem);
  }

  /**
   * @param {number} ref
   * @param {{ok: boolean, result?: any, problem?: Problem}} answer
   */
  #answer(ref, answer) {
    const waiter = this.waiting.get(ref);
    if (!waiter) return;
    this.waiting.delete(ref);
    window.clearTimeout(waiter.timer);
    if (answer.ok) waiter.resolve(answer.result);
    else
      waiter.reject(new RefusedError(answer.problem ?? { title: "Refused", status: 500, detail: "It was refused." }));
  }

  /** @param {number} code @param {boolean} opened */
  async #closed(code, opened) {
    this.socket = null;
    this.broken = true;
    const problem = {
      title: "Connection lost",
      status: 503,
      detail: "The connection went down before an answer came.",
    };
    for (const ref of [...this.waiting.keys()]) this.#answer(ref, { ok: false, problem });
    if (code === 1000) {
      this.broken = false;
      for (const channel of [...this.channels.values()]) this.#end(channel, "ended");
      return;
    }
    for (const channel of [...this.channels.values()]) {
      const refusal = opened ? null : await refused(channel.id, this.key);
      if (refusal) this.#end(channel, "refused", refusal);
      else channel.become("lost");
    }
    if (this.channels.size === 0) {
      this.broken = false;
      return;
    }
    const base = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failures);
    this.failures += 1;
    const wait = code === 1013 ? 0 : base * (0.75 + Math.random() / 2);
    this.retry = window.setTimeout(() => this.#connect(), wait);
  }
}

/** A handshake that failed says nothing; the log's own address does. @param {string} id @param {string} key */
async function refused(id, key) {
  const home = `/api/${id.startsWith("run-") ? "runs" : "sandboxes"}/${id}`;
  const answer = await fetch(key ? `${home}?key=${encodeURIComponent(key)}` : home).catch(() => null);
  if (!answer || answer.ok || answer.status >= 500) return null;
  return answer.json().catch(() => ({ title: "Refused", status: answer.status, detail: "The server refused it." }));
}

function notConnected() {
  return new RefusedError({
    title: "Not connected",
    status: 503,
    detail: "The connection is down, so nothing was sent.",
    hint: "Wait until it is back, then try again.",
  });
}
