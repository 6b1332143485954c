// What the stage is made of, as values: boxes, texts, plugs, bars. And texts cut to the room that they have.

/** @typedef {{x: number, y: number, w: number, h: number}} Box */
/** @typedef {"plain" | "strong" | "mono" | "code"} Face */
/** @typedef {{x: number, y: number, text: string, face: Face, muted?: boolean, anchor?: "end" | "middle"}} Text x and y from the shape's corner, y the middle of the line */
/** @typedef {Box & {fill: boolean}} Place */
/** @typedef {Box & {kind: "recv" | "send", value: number}} Bar */
/** @typedef {Box & {text: string, empty: boolean}} Plug */
/**
 * @typedef {Box & {
 *   key: string,
 *   kind: string,
 *   host: string,
 *   state?: string,
 *   label: string,
 *   texts: Text[],
 *   plug?: Plug,
 *   places?: Place[],
 *   rooms?: Box[],
 *   bars?: Bar[],
 *   room?: string,
 *   cookie?: string,
 *   busy?: "waits" | "held" | "",
 *   inside?: boolean,
 *   door?: string,
 *   flipped?: boolean,
 *   held?: boolean,
 *   zones?: {user: Box, kernel: Box},
 *   stub?: {x: number, y1: number, y2: number},
 * }} Shape
 */
/**
 * @typedef {object} Metrics
 * @property {number} f font size in px
 * @property {number} t what the log's clock shows (ns)
 * @property {boolean} roomy whole five-tuples on the cards, while there is room
 * @property {boolean} names the two zones say what they are
 * @property {(text: string, face: Face) => number} wide width of a text in px
 */

/**
 * As much of a text as fits, with an ellipsis in place of its end.
 * @param {string} text
 * @param {number} width
 * @param {Face} face
 * @param {Metrics} metrics
 */
export function fit(text, width, face, metrics) {
  if (metrics.wide(text, face) <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (metrics.wide(`${text.slice(0, middle)}…`, face) <= width) low = middle;
    else high = middle - 1;
  }
  return low > 0 ? `${text.slice(0, low)}…` : "";
}

/**
 * As `fit`, but the end stays: in an address it is the port that tells sockets apart.
 * @param {string} text
 * @param {number} width
 * @param {Face} face
 * @param {Metrics} metrics
 */
export function fitStart(text, width, face, metrics) {
  if (metrics.wide(text, face) <= width) return text;
  for (let from = 1; from < text.length; from += 1) {
    const rest = `…${text.slice(from)}`;
    if (metrics.wide(rest, face) <= width) return rest;
  }
  return "";
}
