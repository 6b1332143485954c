// A command line as a person types it → the words that a program gets. Pure.

/**
 * A command line's words; quotes keep spaces together, as in a shell.
 * @param {string} line
 */
export function words(line) {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]);
}
