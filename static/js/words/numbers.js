// Times and counts in words. Pure.

/** A moment of the log as seconds, to the microsecond, as tcpdump writes it. @param {number} t in ns */
export function seconds(t) {
  return (t / 1e9).toFixed(6);
}

/** @param {number} number @param {string} what */
export function count(number, what) {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
