// static/js/log/fold.js for test_folds.py: on each line of its input a JSON array of events; on each line of its output
// what the states after them are, as digests, and the last of them in full.

import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { fold, initial } from "../../static/js/log/fold.js";

/** Members in one order, so that equal states are equal texts in both languages. @param {any} value */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const names = Object.keys(value).sort();
  return { pairs: names.map((name) => [name, plain(value[name])]) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const state = initial();
  const texts = JSON.parse(line).map((event) => JSON.stringify(plain(fold(state, event))));
  const digests = texts.map((text) => createHash("sha256").update(text).digest("hex"));
  process.stdout.write(`${JSON.stringify({ digests, last: texts.at(-1) ?? "" })}\n`);
}
