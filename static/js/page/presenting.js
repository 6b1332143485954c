// The line between the window that shows a lab and the presenter's own: both are of one browser, so no server is asked.

import { newId } from "../log/acts.js";

/** @typedef {"next" | "back" | "black" | "timer"} Press */
/**
 * @typedef {object} RoomView what the room sees
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
export class ProjectorEnd {
  #id = newId();
  #told = "";

  /**
   * @param {string} address of the presenter's page
   * @param {(press: Press) => void} press
   * @param {() => RoomView} view
   */
  constructor(address, press, view) {
    this.address = `${address}?window=${this.#id}`;
    this.view = view;
    this.channel = channel(this.#id);
    this.channel.addEventListener("message", ({ data }) => {
      if (data.kind === "press") press(data.press);
      else if (data.kind === "hello") this.#post(this.view());
    });
  }

  open() {
    window.open(this.address, this.#id, "popup,width=1100,height=760");
  }

  /** Something may have changed. */
  tell() {
    const view = this.view();
    if (JSON.stringify(view) !== this.#told) this.#post(view);
  }

  /** @param {RoomView} view */
  #post(view) {
    this.#told = JSON.stringify(view);
    this.channel.postMessage({ kind: "view", view });
  }
}

/** The presenter's end. */
export class PresenterEnd {
  /**
   * @param {string} id
   * @param {(view: RoomView) => void} shows
   */
  constructor(id, shows) {
    this.channel = channel(id);
    this.channel.addEventListener("message", ({ data }) => {
      if (data.kind === "view") shows(data.view);
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
