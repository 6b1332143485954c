// What a program is called: of an interpreter, the script that it runs. As in server/story/names.py. Pure.

/** @typedef {{program: string, argv: string[]}} Program */

const INTERPRETER = /^(python[\d.]*|sh|bash|dash|perl|node|ruby)$/;
/** Options of interpreters that have a value of their own. */
const WITH_VALUE = new Set(["-W", "-X", "-o", "-I"]);
/** Options behind which the program itself stands. */
const CODE = new Set(["-c", "-e"]);

/** @param {Program} process */
export function programName({ program, argv }) {
  if (!INTERPRETER.test(program)) return program;
  for (let index = 1; index < argv.length; index += 1) {
    const word = argv[index];
    if (word === "-m") return argv[index + 1] ?? program;
    if (CODE.has(word)) return program;
    if (WITH_VALUE.has(word)) index += 1;
    else if (!word.startsWith("-")) return word.slice(word.lastIndexOf("/") + 1);
  }
  return program;
}
