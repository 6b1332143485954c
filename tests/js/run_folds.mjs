// static/js/log/run_fold.js for test_run_folds.py: on each line of its input a JSON array of lab events; on each line of
// its output what the states after them are, as digests, and the last of them in full.

import { foldRun, initialRun } from "../../static/js/log/run_fold.js";
import { answer } from "./folds.mjs";

await answer(initialRun, foldRun);
