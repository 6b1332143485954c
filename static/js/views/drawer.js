// The drawer with the evidence of what is chosen, at the moment on the screen.

import { html, one, text } from "../dom/svg.js";
import { REASON } from "../log/replay.js";
import { evidence } from "./evidence.js";

const WATCHING = "You watch. Only the owner of this sandbox can hold, deliver or drop something.";

/** @type {import("./panels.js").Panel} */
export const drawer = {
  name: "evidence",
  place: "#evidence",
  mount: (home, desk) => new Drawer(home, desk),
};

class Drawer {
  /**
   * @param {HTMLElement} home
   * @param {import("./panels.js").Desk} desk
   */
  constructor(home, desk) {
    this.home = home;
    this.desk = desk;
    this.title = one(home, "#evidence-title");
    this.body = one(home, "[data-evidence]");
    this.drawn = "";
  }

  forget() {
    this.drawn = "";
  }

  light() {
    const { chosen, clock } = this.desk;
    this.home.hidden = chosen === "";
    const wanted = chosen && `${chosen} ${clock.shown}`;
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    if (chosen) this.#fill();
  }

  #fill() {
    const { chosen, clock, log, acts, recorded, watching } = this.desk;
    const scene = log.at(clock.shown);
    const { title, parts } = evidence(chosen, scene, log, acts);
    text(this.title, title);
    const reason = recorded ? REASON : watching ? WATCHING : "";
    const waits = reason && chosen.startsWith("packet:") && chosen.slice(7) in scene.state.packets;
    this.body.replaceChildren(...(waits ? [html("p", { class: "reason" }, reason)] : []), ...parts);
  }
}
