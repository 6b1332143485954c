// A fold of the browser for the tests that compare it with the server's: on each line of the input a JSON array of
// events; on each line of the output what the states after them are, as digests, and the last of them in full. As a
// program it is static/js/log/fold.js for test_folds.py.

import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fold, initial } from "../../static/js/log/fold.js";

/** Members in one order, so that equal states are equal texts in both languages. @param {any} value */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const names = Object.keys(value).sort();
  return { pairs: names.map((name) => [name, plain(value[name])]) };
}

/** @param {() => any} first the state before the first event @param {(state: any, event: any) => any} next */
export async function answer(first, next) {
  for await (const line of createInterface({ input: process.stdin })) {
    const state = first();
    const texts = JSON.parse(line).map((event) => JSON.stringify(plain(next(state, event))));
    const digests = texts.map((text) => createHash("sha256").update(text).digest("hex"));
    process.stdout.write(`${JSON.stringify({ digests, last: texts.at(-1) ?? "" })}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await answer(initial, fold);
