// What a learner does in a lab run, sent until it is answered. Each act has an id of its own, and the run does each id
// once, so that an act may be sent again after a lost connection or a restart of the server: no click is lost, and none
// is doubled.

import { RefusedError } from "./stream.js";

/** @typedef {import("./stream.js").Problem} Problem */
/** @typedef {{request: (command: Record<string, unknown>) => Promise<any>}} Channel */
/** @typedef {{act: Record<string, unknown>, resolve: () => void, reject: (error: Error) => void}} Waiting */

/** Answers that say nothing about the act: it goes again. */
const AGAIN = new Set([502, 503, 504]);

export class Acts {
  /** @type {Waiting[]} in the order of the clicks */
  #waiting = [];
  #sending = false;
  /** @type {Channel | null} */
  #channel = null;

  /** How many have not been answered. */
  get open() {
    return this.#waiting.length;
  }

  /** The run's channel is there, and what waits goes up it. @param {Channel} channel */
  opened(channel) {
    this.#channel = channel;
    void this.#send();
  }

  /** The channel is gone: what was not answered waits for the next. */
  lost() {
    this.#channel = null;
  }

  /**
   * Does something; what comes back is that it was accepted, or why it was refused.
   * @param {Record<string, unknown>} act a command of server/lab_acts.py without its id
   * @returns {Promise<void>}
   */
  do(act) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ act: { ...act, act: newId() }, resolve, reject });
      void this.#send();
    });
  }

  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#channel && this.#waiting.length > 0 && (await this.#sendFirst(this.#channel)));
    } finally {
      this.#sending = false;
    }
  }

  /** @param {Channel} channel @returns {Promise<boolean>} whether it was answered */
  async #sendFirst(channel) {
    const [first] = this.#waiting;
    try {
      await channel.request(first.act);
      this.#waiting.shift();
      first.resolve();
    } catch (error) {
      const problem = error instanceof RefusedError ? error.problem : null;
      // On the same connection only what was not answered in time goes again at once; a lost one comes back by itself.
      if (problem && AGAIN.has(problem.status))
        return this.#channel !== null && (this.#channel !== channel || problem.status === 504);
      this.#waiting.shift();
      first.reject(/** @type {Error} */ (error));
    }
    return true;
  }
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `act-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** What a server answers to a POST; null if nobody does, or something between. @param {string} address */
export async function asked(address) {
  try {
    const answer = await fetch(address, { method: "POST" });
    return { ok: answer.ok, body: await answer.json() };
  } catch {
    return null;
  }
}
