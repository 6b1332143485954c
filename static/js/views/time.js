// The bar of time: which moment of the log is on the screen, how far it is behind the kernel, and what can be done about it.

import { html, join, one, set, text } from "../dom/svg.js";
import { momentName } from "../words/narration.js";
import { count } from "../words/numbers.js";

const MOST_MARKS = 120;

/** Radio buttons of one name are one choice on the whole page: each screen's have a name of their own. */
let screens = 0;

/** @type {import("./panels.js").Panel} */
export const time = {
  name: "time",
  place: ".time",
  early: true,
  mount: (home, desk) => new Time(home, desk),
};

class Time {
  /**
   * @param {HTMLElement} home
   * @param {import("./panels.js").Desk} desk
   */
  constructor(home, desk) {
    this.desk = desk;
    this.marks = one(home, "[data-marks]");
    this.moment = one(home, "[data-moment]");
    this.nextWords = one(home, "[data-next-words]");
    this.speed = one(home, "[data-speed]");
    this.gait = one(home, "[data-action='gait']");
    this.ahead = one(home, "[data-ahead]");
    this.passed = one(home, "[data-action='go-back']");
    /** @type {HTMLInputElement} */
    this.scrub = one(home, "[data-scrub]");
    screens += 1;
    this.paces = [.../** @type {NodeListOf<HTMLInputElement>} */ (home.querySelectorAll("[data-pace] input"))];
    for (const input of this.paces) input.name = `pace-${screens}`;
    /** @param {string} name @returns {HTMLButtonElement} */
    const button = (name) => one(home, `[data-action="${name}"]`);
    this.buttons = { back: button("back"), next: button("next"), play: button("play"), now: button("now") };
    this.always = home.querySelector("[data-action='always-now']");
    this.scrub.addEventListener("input", () => desk.clock.seek(Number(this.scrub.value)));
  }

  /** @param {import("./panels.js").Shown} shown */
  draw({ seq }) {
    const { clock, log, presenting, recorded, watching } = this.desk;
    const { state } = log.head;
    const past = clock.mode !== "now" || recorded;
    const back = past && !recorded;
    const last = recorded && seq === log.end;
    this.scrub.max = String(log.end);
    this.scrub.value = String(seq);
    text(this.moment, back ? `seq ${seq} of ${log.end} · looking back · End = now` : `seq ${seq} of ${log.end}`);
    const moments = Object.values(state.moments);
    this.buttons.now.disabled = !past || last;
    this.buttons.back.disabled = seq <= 0;
    const leads = presenting?.label() ?? "";
    this.buttons.next.disabled = !leads && (past ? last : watching || moments.length === 0);
    set(this.buttons.play, { "aria-pressed": clock.mode === "playing" ? "true" : "false" });
    text(
      this.nextWords,
      leads || (!past && moments.length > 0 ? `Let go: ${momentName(moments[0], log)}` : "Next beat"),
    );
    for (const input of this.paces) input.checked = input.value === state.pace;
    this.#tempo();
    this.#behind(seq, past);
    this.#mark();
  }

  #tempo() {
    const { clock, alwaysNow } = this.desk;
    text(this.speed, `${clock.speed}×`);
    text(this.gait, clock.gait === "beats" ? "Beats" : "Scenes");
    if (this.always) set(this.always, { "aria-pressed": String(alwaysNow) });
  }

  /** How far the kernel is ahead, and what was passed over by acting. @param {number} seq @param {boolean} past */
  #behind(seq, past) {
    const { clock, recorded, walk } = this.desk;
    const { beats, ns } = past ? walk.ahead(seq) : { beats: 0, ns: 0 };
    const way = recorded ? "left" : `ahead, ${(ns / 1e9).toFixed(ns < 1e9 ? 3 : 1)} s`;
    text(this.ahead, beats > 0 ? `${count(beats, "beat")} ${way}` : "");
    this.passed.hidden = clock.passed === 0;
    text(one(this.passed, "[data-passed]"), `${count(clock.passed, "beat")} passed over`);
  }

  #mark() {
    const { log } = this.desk;
    const step = Math.ceil(log.marks.length / MOST_MARKS);
    const shown = step > 1 ? log.marks.filter((_, index) => index % step === 0) : log.marks;
    join(
      this.marks,
      shown,
      (mark) => String(mark.seq),
      (mark) => html("i", { "data-mark": mark.mark, title: mark.mark }),
      (tick, mark) => {
        tick.style.left = `${(mark.seq / Math.max(1, log.end)) * 100}%`;
      },
    );
  }
}
