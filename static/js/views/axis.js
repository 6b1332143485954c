// Where the rows of the ladder stand: equal steps, or as far apart as their moments are. Pure.

/** Heights in px; times in ns. */
/** The scales that can be chosen: ns for one px. */
export const SCALES = [10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
/** A new real-time axis shows about so many rows before now. */
const SHOWN_FIRST = 12;
/** A longer picture than this cannot be scrolled by every browser. */
const MOST_HEIGHT = 8_000_000;

export class Axis {
  /** @param {{time: (index: number) => number, count: number}} rows with the times of the rows, in order */
  constructor(rows) {
    this.rows = rows;
    /** ns for one px; 0: equal steps */
    this.scale = 0;
    this.rowH = 22;
  }

  get real() {
    return this.scale > 0;
  }

  /** Equal steps, or real time at the scale at which the rows before one fit a height. @param {number} now @param {number} height */
  toggle(now, height) {
    if (this.real) {
      this.scale = 0;
      return;
    }
    const span = this.#time(now) - this.#time(now - SHOWN_FIRST);
    this.scale = SCALES.find((scale) => span / scale < height && this.#fits(scale)) ?? SCALES[SCALES.length - 1];
  }

  /** @param {1 | -1} direction finer or coarser */
  zoom(direction) {
    const next = SCALES[SCALES.indexOf(this.scale) - direction];
    if (this.real && next !== undefined && this.#fits(next)) this.scale = next;
  }

  /** The middle of a row. @param {number} index */
  y(index) {
    if (!this.real) return (index + 0.5) * this.rowH;
    return this.rowH / 2 + (this.#time(index) - this.#time(0)) / this.scale;
  }

  get height() {
    const last = this.rows.count - 1;
    return last < 0 ? this.rowH : this.y(last) + 1.5 * this.rowH;
  }

  /** The first row at or below a height. @param {number} y */
  indexAt(y) {
    let low = 0;
    let high = this.rows.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.y(middle) < y) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param {number} index */
  #time(index) {
    const last = this.rows.count - 1;
    return last < 0 ? 0 : this.rows.time(Math.max(0, Math.min(last, index)));
  }

  /** @param {number} scale */
  #fits(scale) {
    return (this.#time(Infinity) - this.#time(0)) / scale < MOST_HEIGHT;
  }
}
