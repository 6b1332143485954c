// In which order the options of a question stand: another one in each run, and the same one wherever that run is shown.
// A function of values, so that whoever watches, replays or rebuilds a run sees what its learner saw.

/** @typedef {import("../log/lab_protocol.js").QuestionOutline} QuestionOutline */

/**
 * The options of a question, as indexes into those of the lab, in the order in which they are shown.
 * Those of a number are not shown, and stay.
 * @param {QuestionOutline} question
 * @param {number} order what the run draws its orders from; 0: as the lab has them
 * @param {string} key the question's
 */
export function optionOrder({ labels, number, last_stays }, order, key) {
  const places = labels.map((_, index) => index);
  if (order === 0 || number) return places;
  const random = drawn(`${order} ${key}`);
  for (let end = places.length - (last_stays ? 2 : 1); end > 0; end -= 1) {
    const other = Math.floor(random() * (end + 1));
    [places[end], places[other]] = [places[other], places[end]];
  }
  return places;
}

/** What a new run can draw its orders from. */
export function newOrder() {
  return 1 + Math.floor(Math.random() * 0xffffffff);
}

/** Numbers from 0 to 1 that follow from a text: FNV-1a, then mulberry32. @param {string} text */
function drawn(text) {
  let state = 0x811c9dc5;
  for (const letter of text) state = Math.imul(state ^ letter.charCodeAt(0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}
