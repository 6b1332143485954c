// Log and seq to the stage: layout, drawing and motion in one, for every page that has a stage.

import { chipWords } from "../words/headers.js";
import { layout } from "./layout.js";
import { play } from "./motion.js";
import { Stage } from "./stage.js";
import { fontsReady, measure } from "./view.js";

/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {import("./layout.js").View} View */
/** @typedef {import("../log/log.js").Log} Log */

/** Of more events than this, what changed would be nearly everything. */
const MOST_RINGED = 60;

export class Picture {
  /**
   * @param {HTMLElement} home where the stage goes
   * @param {import("./stage.js").Answers} answers
   * @param {() => void} again asked for when a new picture is due though nothing has happened
   */
  constructor(home, answers, again) {
    this.home = home;
    this.stage = new Stage(home, answers);
    /** @type {Layout | null} the last picture */
    this.last = null;
    new ResizeObserver(again).observe(home);
    fontsReady().then(again);
  }

  /** Another log begins: nothing of the last picture is left. */
  clear() {
    this.stage.clear();
    this.last = null;
  }

  /**
   * @param {Log} log
   * @param {number} seq
   * @param {number} from the seq that was on the screen before
   * @param {number[]} sizes font sizes to try, largest first
   * @param {string} peer the client that is shown where not all find room; empty: the first
   * @param {number} [t] what the log's clock shows (ns), if that is later than what happened last
   */
  draw(log, seq, from, sizes, peer, t) {
    const scene = log.at(seq);
    const view = { ...this.#view(log, sizes, peer), t };
    const picture = layout(scene, view);
    this.stage.draw(picture, seq, from > 0 && Math.abs(seq - from) <= MOST_RINGED);
    const { last } = this;
    const sameSize =
      last !== null && last.width === picture.width && last.height === picture.height && last.size === picture.size;
    const passed = seq > from && from >= 0 ? log.events.slice(from, seq) : [];
    if (sameSize) play(this.stage, last, picture, passed, view, scene.state.t);
    this.last = picture;
    return picture;
  }

  /** @param {Log} log @param {number[]} sizes @param {string} peer @returns {View} */
  #view(log, sizes, peer) {
    const width = Math.max(280, this.home.clientWidth);
    const height = Math.max(240, this.home.clientHeight);
    const words = (/** @type {number} */ id) => {
      const packet = log.packets.get(id);
      return packet ? chipWords(packet) : "";
    };
    const repeats = (/** @type {number} */ id) => Boolean(log.packets.get(id)?.repeats);
    return { width, height, sizes, facing: width < 560, peer, measure, words, repeats };
  }
}
