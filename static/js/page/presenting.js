// The line between the window that shows a lab and the presenter's own: both are of one browser, so no server is asked.

import { newId } from "../log/acts.js";

/** @typedef {"next" | "back" | "black" | "timer"} Press */
/**
 * @typedef {object} Wall what the room sees
 * @property {number} step
 * @property {string} where
 * @property {string} sentence
 * @property {string} label what Next does
 * @property {string} ahead
 * @property {boolean} black
 * @property {string} time that is left of the minute
 */

/** @param {string} id of the window that shows the lab */
function channel(id) {
  return new BroadcastChannel(`socketlab-${id}`);
}

/** The end of the window that shows the lab. */
export class WallEnd {
  #id = newId();
  #told = "";

  /**
   * @param {string} address of the presenter's page
   * @param {(press: Press) => void} press
   * @param {() => Wall} wall
   */
  constructor(address, press, wall) {
    this.address = `${address}?window=${this.#id}`;
    this.wall = wall;
    this.channel = channel(this.#id);
    this.channel.addEventListener("message", ({ data }) => {
      if (data.kind === "press") press(data.press);
      else if (data.kind === "hello") this.#post(this.wall());
    });
  }

  open() {
    window.open(this.address, this.#id, "popup,width=1100,height=760");
  }

  /** Something may have changed. */
  tell() {
    const wall = this.wall();
    if (JSON.stringify(wall) !== this.#told) this.#post(wall);
  }

  /** @param {Wall} wall */
  #post(wall) {
    this.#told = JSON.stringify(wall);
    this.channel.postMessage({ kind: "wall", wall });
  }
}

/** The presenter's end. */
export class PresenterEnd {
  /**
   * @param {string} id
   * @param {(wall: Wall) => void} shows
   */
  constructor(id, shows) {
    this.channel = channel(id);
    this.channel.addEventListener("message", ({ data }) => {
      if (data.kind === "wall") shows(data.wall);
    });
    this.hello();
  }

  /** Asks what the room sees. */
  hello() {
    this.channel.postMessage({ kind: "hello" });
  }

  /** @param {Press} press */
  press(press) {
    this.channel.postMessage({ kind: "press", press });
  }
}
