// The panels: what stands beside the stage and is drawn for each moment. A row here is all that a screen knows of one.

import { drawer } from "./drawer.js";
import { events } from "./events.js";
import { ladder } from "./ladder.js";
import { peers } from "./peers.js";
import { programs } from "./programs.js";
import { said } from "./said.js";
import { source } from "./source.js";
import { tables } from "./tables.js";
import { time } from "./time.js";
import { transcript } from "./transcript.js";
import { wire } from "./wire.js";

/**
 * @typedef {object} Panel
 * @property {string} name what tabs and addresses call it
 * @property {string} [place] the element of the page that it fills; a page without one is without the panel
 * @property {Tab} [tab] instead of a place: the screen makes one, with a tab that opens it
 * @property {boolean} [always] drawn also while its tab is closed
 * @property {boolean} [rows] nobody can read its rows in a flood of events: then it is drawn once a second
 * @property {boolean} [early] drawn also before the first event
 * @property {(home: HTMLElement, desk: Desk) => View} mount
 */
/** @typedef {{icon: () => Element, words: string, label: string}} Tab `label`: what a screen reader calls the panel */
/**
 * @typedef {object} View a panel on one screen
 * @property {(shown: Shown) => void} [draw]
 * @property {(lit: import("../words/relations.js").Light) => void} [light] something else is pointed at or chosen
 * @property {() => void} [forget] another log begins: nothing that was read of the last one holds
 * @property {Record<string, () => void>} [actions] what its buttons do, by their data-action
 */
/**
 * @typedef {object} Shown one moment, as it is on the screen
 * @property {number} seq
 * @property {number} from the seq that was on the screen before; -1: none
 * @property {import("../log/log.js").Scene} scene the log's own: read it, do not keep it
 * @property {import("../stage/layout.js").Layout | null} layout the stage's; null before the first event
 * @property {boolean} live whether what runs can be acted on: the moment is now, and the line is open
 */
/**
 * @typedef {object} Desk what a panel may ask of its screen
 * @property {HTMLElement} root everything of the screen is in it, and is looked up there
 * @property {import("../log/log.js").Log} log another one after `forget`: do not keep it
 * @property {import("../story/walk.js").Walk} walk where one can stop in the log; another one after `forget`
 * @property {import("../story/clock.js").Clock} clock another one after `forget`
 * @property {boolean} alwaysNow whether what happens is shown at once, instead of played
 * @property {boolean} recorded whether it shows a recording: nothing can be done to that
 * @property {boolean} watching whether it shows what somebody else does: only they can do something
 * @property {boolean} acts whether something can be done to what runs, wherever the person looks
 * @property {boolean} live as in `Shown`
 * @property {{label: () => string} | undefined} presenting on a projector, what Next does besides walking on
 * @property {string} opening what is said before anything has happened
 * @property {string} chosen key of the thing whose evidence is open; empty: none
 * @property {(key: string) => void} choose
 * @property {(key: string) => void} point lights up in every view what belongs to a thing; empty: nothing
 * @property {string} peer the client that is shown where not all find room
 */

/** @type {Panel[]} tabs stand in this order */
export const PANELS = [ladder, tables, source, transcript, events, programs, drawer, peers, said, time, wire];
