// A lab on the projector: its question, its answer and its explanation take the place of the stage, each at its time, and
// one key, or a clicker, leads through all of it. It presses what the lesson has, so that nothing can be done in two ways.

import { one, set } from "../dom/svg.js";
import { NONE, slides } from "../words/slides.js";

/** @typedef {import("../words/lesson.js").LessonShown} LessonShown */
/** @typedef {import("../words/slides.js").Slide} Slide */
/** @typedef {import("./next_bar.js").NextBar} NextBar */
/**
 * @typedef {object} Place where the screen stands in the log
 * @property {number} seq
 * @property {number} end of the log
 * @property {boolean} idle whether that is the end, and nothing waits there
 * @property {boolean} on whether it is on a projector
 */

/** What leads from the stage to a slide. @type {Record<string, string>} */
const OPENS = { answer: "The answer", why: "Why?", end: "What to remember" };

export class Projected {
  /**
   * @param {HTMLElement} main of the page
   * @param {HTMLElement} lesson
   * @param {NextBar} bar
   * @param {{show: () => void, arrange: () => void}} does `show`: the step's task, for the presenter; `arrange`: what of
   *   the lesson can be read beside the stage
   */
  constructor(main, lesson, bar, does) {
    this.main = main;
    this.lesson = lesson;
    this.bar = bar;
    this.does = does;
    this.slides = NONE;
    /** Which slide is on; before the first: the stage. */
    this.at = -1;
    this.on = false;
    /** Where the screen stood when the step's answers came to be known. */
    this.rested = 0;
    /** @type {Element | null | undefined} the step of the slide */
    this.step = null;
    /** How far the log was when the last question or task was left. */
    this.asked = -1;
    /** @type {Set<string>} keys of slides that were left for the stage */
    this.left = new Set();
    /** @type {Set<string>} questions of which the answers are shown, though nobody has answered them */
    this.revealed = new Set();
  }

  /** @returns {Slide | undefined} */
  get slide() {
    return this.slides.list[this.at];
  }

  /**
   * @param {LessonShown} lesson
   * @param {boolean} playing
   * @param {Place} place
   */
  draw(lesson, playing, { seq, end, on }) {
    this.on = on;
    const before = this.slides;
    this.slides = slides(lesson, playing);
    if (this.slides.key !== before.key) {
      if (before.list.length > 0) this.asked = end;
      this.at = this.slides.first && this.slides.list.length > 0 && !this.left.has(this.slides.key) ? 0 : -1;
      this.rested = seq;
    }
    this.#mark();
  }

  /** What Next does now besides walking through the story; empty: nothing. @param {Place} place */
  label({ seq, end, idle }) {
    const { slide } = this;
    if (slide?.kind === "why" && this.revealed.has(slide.target)) return this.#answered ? "Go on" : "";
    if (slide) return slide.next;
    // What was asked is run from wherever one looks; what has been run since is looked at first.
    if (this.slides.first) return (idle || end === this.asked) && this.bar.next.does !== "skip" ? this.#pressed : "";
    if (seq < this.rested && !idle) return "";
    const [first] = this.slides.list;
    return first ? OPENS[first.kind] : this.#pressed;
  }

  /** Whether the run knows of each question that it was passed over: before that, it does not go on. */
  get #answered() {
    return this.at + 1 < this.slides.list.length || this.bar.next.does !== "why";
  }

  /** What pressing the bar's button does here. */
  get #pressed() {
    const { does, label } = this.bar.next;
    return does === "task" ? "Do it for me" : label;
  }

  /**
   * Goes on.
   * @param {Place} place
   * @returns {boolean} whether there was something to do
   */
  next(place) {
    const { slide } = this;
    if (this.label(place) === "") return slide !== undefined;
    if (!slide && !this.slides.first && this.slides.list.length > 0) this.#go(0);
    else if (!slide) this.#press();
    else this.#leave(slide, place);
    return true;
  }

  /** Back to the slide before, or to the stage. @returns {boolean} whether there was a slide */
  back() {
    if (!this.slide) return false;
    if (!this.slides.first) this.#go(this.at - 1);
    return true;
  }

  /** @param {Slide} slide @param {Place} place */
  #leave({ kind, target }, { end }) {
    const element = document.getElementById(target);
    switch (kind) {
      case "title":
        this.bar.press();
        break;
      case "guess":
        answer(element);
        break;
      case "task":
        this.left.add(this.slides.key);
        this.asked = end;
        this.#go(-1);
        break;
      case "why":
        if (element instanceof HTMLElement && !element.hasAttribute("data-told") && !this.revealed.has(target)) {
          answer(element);
          this.revealed.add(target);
          this.#mark();
          break;
        }
        this.#further();
        break;
      default:
        this.#further();
    }
  }

  #further() {
    if (this.at + 1 < this.slides.list.length) this.#go(this.at + 1);
    else this.#press();
  }

  #press() {
    if (this.bar.next.does === "task") this.does.show();
    else this.bar.press();
  }

  /** @param {number} at */
  #go(at) {
    this.at = at;
    this.#mark();
  }

  /** What is on the projector is marked in the lesson; the stylesheet shows that alone. */
  #mark() {
    const slide = this.on ? this.slide : undefined;
    set(this.main, { "data-slide": slide?.kind ?? null });
    for (const element of this.lesson.querySelectorAll("[data-on-slide]"))
      if (element.id !== slide?.target) element.removeAttribute("data-on-slide");
    const shown = slide ? one(this.lesson, `#${slide.target}`) : null;
    const step = shown?.closest(".step");
    if (step !== this.step) this.does.arrange();
    this.step = step;
    if (step instanceof HTMLElement) step.hidden = false; // also where somebody reads another one
    if (!shown) return;
    set(shown, { "data-on-slide": true, "data-revealed": this.revealed.has(shown.id) });
    const fold = shown.querySelector("details.answers");
    if (fold instanceof HTMLDetailsElement && this.revealed.has(shown.id)) {
      fold.hidden = false;
      fold.open = true;
    }
    if (!shown.contains(document.activeElement)) this.lesson.scrollTo({ top: 0 });
  }
}

/** Sends what somebody has chosen; of who has chosen nothing, that. @param {Element | null} form */
function answer(form) {
  if (!(form instanceof HTMLFormElement)) return;
  const choice = new FormData(form).get("choice");
  const chosen = choice !== null && String(choice).trim() !== "";
  form.requestSubmit(form.querySelector(chosen ? "[id$='-send']" : "[data-unknown]"));
}
