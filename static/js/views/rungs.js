// The rows of the ladder: one for each call, return, packet and arrival of the log, in its order. Pure.

/** @typedef {import("../log/log.js").Log} Log */
/**
 * @typedef {object} Rung
 * @property {number} seq
 * @property {"call" | "return" | "sent" | "end"} kind
 * @property {number} id of the call or the packet
 * @property {number} [other] index of the rung at the other end
 */

export class Rungs {
  /** @param {Log} log */
  constructor(log) {
    this.log = log;
    /** @type {Rung[]} */
    this.list = [];
    /** @type {Map<string, number>} index of the rung that began a call or packet */
    this.open = new Map();
    this.read = 0;
  }

  get count() {
    return this.list.length;
  }

  /** The moment of a row, in ns. @param {number} index */
  time(index) {
    return this.log.events[this.list[index].seq - 1].t;
  }

  /** Takes what has come into the log since. */
  take() {
    for (; this.read < this.log.end; this.read += 1) {
      const event = this.log.events[this.read];
      const { seq } = event;
      if (event.type === "syscall.entered") this.#begin("call", seq, event.call);
      else if (event.type === "syscall.returned") this.#end("return", seq, event.call, "call");
      else if (event.type === "packet.sent") this.#begin("sent", seq, event.packet);
      else if (event.type === "packet.delivered" || event.type === "packet.dropped")
        this.#end("end", seq, event.packet, "sent");
    }
  }

  /** Index of the last row at or before a seq; -1: none. @param {number} seq */
  indexOf(seq) {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.list[middle].seq <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** @param {"call" | "sent"} kind @param {number} seq @param {number} id */
  #begin(kind, seq, id) {
    this.open.set(`${kind}:${id}`, this.list.length);
    this.list.push({ seq, kind, id });
  }

  /** @param {"return" | "end"} kind @param {number} seq @param {number} id @param {string} of */
  #end(kind, seq, id, of) {
    const other = this.open.get(`${of}:${id}`);
    if (other === undefined) return;
    this.open.delete(`${of}:${id}`);
    this.list[other].other = this.list.length;
    this.list.push({ seq, kind, id, other });
  }
}
