// No module touches the document when it is imported: here there is none. So a page decides what it makes, and when.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";

const SCRIPTS = new URL("../../static/js/", import.meta.url);
const PAGES = ["app", "home", "lab", "site"];

for (const file of readdirSync(SCRIPTS, { recursive: true }).filter((name) => name.endsWith(".js"))) {
  test(`${file} can be imported without a document`, async () => {
    assert.equal(globalThis.document, undefined);
    await import(new URL(file, SCRIPTS));
  });
}

for (const page of PAGES) {
  test(`${page}.js begins when it is told to`, async () => {
    const module = await import(new URL(`page/${page}.js`, SCRIPTS));
    assert.equal(typeof module.start, "function");
  });
}
