// The live source of events, and the line that commands go up. The only one that reconnects.
// It asks for what comes after the last event that the page has, so nothing is lost or doubled; commands
// are refused while the line is down and never queued, so that none fires minutes late.

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

export class Stream {
  /**
   * @param {string} id
   * @param {Face} face
   */
  constructor(id, face) {
    this.id = id;
    this.face = face;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {LinkState} */
    this.state = "connecting";
    this.failures = 0;
    this.retry = 0;
    this.ref = 0;
    /** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void, timer: number}>} */
    this.waiting = new Map();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(
      `${scheme}//${location.host}/api/sandboxes/${this.id}/stream?after=${this.face.after()}`,
    );
    this.socket = socket;
    let opened = false;
    socket.addEventListener("open", () => {
      opened = true;
      this.failures = 0;
      this.#become("open");
    });
    socket.addEventListener("message", (message) => {
      if (this.socket === socket) this.#take(String(message.data));
    });
    socket.addEventListener("close", (close) => {
      if (this.socket === socket) this.#closed(close.code, opened);
    });
  }

  /** Nobody listens any more. */
  close() {
    window.clearTimeout(this.retry);
    const { socket } = this;
    this.socket = null;
    this.state = "ended";
    socket?.close(1000);
  }

  /**
   * Sends one command; only commands.js calls this.
   * @param {Record<string, unknown>} command
   * @returns {Promise<any>} its result
   */
  request(command) {
    if (this.state !== "open" || this.socket?.readyState !== WebSocket.OPEN) {
      const detail = "The connection to the sandbox is down, so nothing was sent.";
      return Promise.reject(
        new RefusedError({
          title: "Not connected",
          status: 503,
          detail,
          hint: "Wait until it is back, then try again.",
        }),
      );
    }
    this.ref += 1;
    const ref = this.ref;
    this.socket.send(JSON.stringify({ ref, ...command }));
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(
        () =>
          this.#answer(ref, {
            ok: false,
            problem: { title: "No answer", status: 504, detail: "The sandbox has not answered." },
          }),
        ANSWER_MS,
      );
      this.waiting.set(ref, { resolve, reject, timer });
    });
  }

  /** @param {string} data */
  #take(data) {
    const message = JSON.parse(data);
    if (!Array.isArray(message)) {
      this.#answer(message.ref, message);
      return;
    }
    try {
      this.face.onEvents(message);
    } catch (error) {
      console.error(error);
      this.socket?.close(4000, "resync");
    }
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
      waiter.reject(
        new RefusedError(answer.problem ?? { title: "Refused", status: 500, detail: "The sandbox refused it." }),
      );
  }

  /**
   * @param {number} code
   * @param {boolean} opened
   */
  async #closed(code, opened) {
    this.socket = null;
    for (const ref of [...this.waiting.keys()])
      this.#answer(ref, {
        ok: false,
        problem: { title: "Connection lost", status: 503, detail: "The connection went down before an answer came." },
      });
    if (code === 1000) {
      this.#become("ended");
      return;
    }
    if (!opened && (await this.#refused())) return;
    this.#become("lost");
    const base = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failures);
    this.failures += 1;
    this.retry = window.setTimeout(() => this.connect(), code === 1013 ? 0 : base * (0.75 + Math.random() / 2));
  }

  /** A handshake that failed says nothing; the sandbox's own page does. */
  async #refused() {
    const answer = await fetch(`/api/sandboxes/${this.id}`).catch(() => null);
    if (!answer || answer.ok || answer.status >= 500) return false;
    const problem = await answer
      .json()
      .catch(() => ({ title: "Refused", status: answer.status, detail: "The server refused it." }));
    this.#become("refused", problem);
    return true;
  }

  /**
   * @param {LinkState} state
   * @param {Problem} [problem]
   */
  #become(state, problem) {
    this.state = state;
    this.face.onLink(state, problem);
  }
}
