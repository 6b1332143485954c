// The picture: draws the layout that it is given, and tells what was pointed at or chosen. It sends nothing and decides nothing.
//
//   svg.stage (role group, one tab stop)
//   ├─ g.layer[data-layer=hosts | processes | fds | sockets | doors | packets]
//   │  └─ g.shape[data-key][data-kind][data-state] at translate(x, y)
//   │     └─ g.body        moved and faded by motion.js; the attribute on the outer g stays true
//   └─ g.layer[data-layer=motion]   what is only passing by; not part of the state, hidden from readers

import { el, join, set } from "../dom/svg.js";
import { Density } from "./density.js";
import { outline, parts, pointsLeft, roleOf, round } from "./pieces.js";

/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {import("./layout.js").Chip} Chip */
/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {import("./cells.js").Density} DensityShape */

/**
 * @typedef {object} Answers what is told
 * @property {(key: string) => void} choose a shape was opened
 * @property {(key: string) => void} point a shape is pointed at or has the focus; empty: none
 */

const LAYERS = /** @type {const} */ (["hosts", "processes", "sockets", "fds", "doors", "packets"]);

export class Stage {
  /**
   * @param {HTMLElement} home where the picture goes
   * @param {Answers} answers
   */
  constructor(home, answers) {
    this.home = home;
    this.answers = answers;
    this.street = el("line", { class: "street" });
    /** @type {Record<string, SVGGElement>} */
    this.layers = {};
    this.svg = el("svg", {
      class: "stage",
      role: "group",
      tabindex: 0,
      "aria-label": "The stage. Enter goes in, arrow keys move between its shapes, Escape leaves.",
    });
    this.svg.append(this.street);
    for (const name of LAYERS) {
      this.layers[name] = el("g", { class: "layer", "data-layer": name });
      this.svg.append(this.layers[name]);
    }
    this.passing = el("g", { class: "layer", "data-layer": "motion", "aria-hidden": "true" });
    this.svg.append(this.passing);
    home.replaceChildren(this.svg);
    /** @type {Map<string, SVGGElement>} */
    this.shapes = new Map();
    /** @type {WeakMap<Element, string>} */
    this.drawn = new WeakMap();
    /** @type {Map<string, string>} */
    this.labels = new Map();
    /** @type {SVGGElement[]} shapes that left in the last draw */
    this.left = [];
    /** @type {string[]} keys of the shapes that came in the last draw */
    this.came = [];
    this.seq = -1;
    /** @type {Map<string, Density>} fields of cells, by the key of their shape */
    this.fields = new Map();
    this.#listen();
  }

  /**
   * @param {Layout} layout
   * @param {number} seq what it shows
   * @param {boolean} rings whether to mark what changed since another seq was shown
   */
  draw(layout, seq, rings) {
    set(this.svg, { viewBox: `0 0 ${layout.width} ${layout.height}`, width: layout.width, height: layout.height });
    this.svg.style.fontSize = `${layout.size}px`;
    const y = layout.street.y + layout.street.h / 2;
    set(this.street, { x1: 0, x2: layout.width, y1: y, y2: y });
    this.left = [];
    this.came = [];
    const before = this.labels;
    this.labels = new Map();
    this.shapes.clear();
    const sockets = [...layout.sockets].sort((a, b) => Number(Boolean(a.room)) - Number(Boolean(b.room)));
    this.#layer("hosts", layout.hosts);
    this.#layer("processes", layout.processes);
    this.#layer("fds", layout.fds);
    this.#layer("sockets", sockets);
    this.#layer("doors", layout.doors);
    this.#layer("packets", layout.packets);
    this.#fields(layout);
    const stepped = this.seq !== seq;
    this.seq = seq;
    if (!stepped) return;
    for (const [key, element] of this.shapes) {
      set(element, { "data-changed": rings && before.get(key) !== this.labels.get(key) });
    }
  }

  /**
   * Shows what is chosen, and what belongs to it.
   * @param {string} chosen
   * @param {Set<string>} related
   */
  light(chosen, related) {
    for (const [key, element] of this.shapes) {
      set(element, { "data-chosen": key === chosen, "data-lit": related.has(key) });
    }
    for (const field of this.fields.values()) field.light(chosen, related);
  }

  /**
   * A chip that is only passing by, for motion.js.
   * @param {Chip} shape
   */
  pass(shape) {
    const element = this.#create(shape);
    element.setAttribute("data-key", `passing:${shape.key}`);
    this.#update(element, shape);
    for (const name of ["role", "tabindex", "aria-label"]) element.removeAttribute(name);
    this.passing.append(element);
    return element;
  }

  /** An empty picture: what it showed belongs to a log that is gone. */
  clear() {
    for (const layer of [...Object.values(this.layers), this.passing]) layer.replaceChildren();
    for (const field of this.fields.values()) field.element.remove();
    this.fields.clear();
    this.shapes.clear();
    this.labels = new Map();
    this.seq = -1;
  }

  /** The fields of cells lie over their shapes. @param {Layout} layout */
  #fields(layout) {
    const shapes = /** @type {DensityShape[]} */ (layout.sockets.filter((shape) => shape.kind === "density"));
    for (const [key, field] of this.fields) {
      if (shapes.some((shape) => shape.key === key)) continue;
      field.element.remove();
      this.fields.delete(key);
    }
    for (const shape of shapes) {
      let field = this.fields.get(shape.key);
      if (!field) {
        field = new Density({
          select: this.answers.choose,
          point: this.answers.point,
          leave: (key) => this.shapes.get(key)?.focus(),
          role: roleOf,
        });
        this.fields.set(shape.key, field);
        this.home.append(field.element);
      }
      field.draw(shape, layout.size);
    }
  }

  /**
   * @param {typeof LAYERS[number]} name
   * @param {Shape[]} shapes
   */
  #layer(name, shapes) {
    join(
      this.layers[name],
      shapes,
      (shape) => shape.key,
      (shape) => {
        this.came.push(shape.key);
        return this.#create(shape);
      },
      (element, shape) => {
        this.shapes.set(shape.key, element);
        this.labels.set(shape.key, shape.label);
        this.#update(element, shape);
      },
      (element) => this.left.push(element),
    );
  }

  /** @param {Shape} shape */
  #create(shape) {
    const element = el("g", { class: "shape", "data-kind": shape.kind, role: "button", tabindex: -1 });
    element.append(el("g", { class: "body" }));
    return element;
  }

  /**
   * @param {SVGGElement} element
   * @param {Shape} shape
   */
  #update(element, shape) {
    set(element, {
      transform: `translate(${round(shape.x)} ${round(shape.y)})`,
      "aria-label": spoken(shape),
      "data-state": shape.state,
      "data-role": shape.kind === "process" ? undefined : roleOf(shape.state),
      "data-busy": shape.busy || undefined,
      "data-room": Boolean(shape.room),
      "data-inside": Boolean(shape.inside),
      "data-held": Boolean(shape.held),
      "data-empty": Boolean(shape.plug?.empty),
      "data-chip": /** @type {Partial<Chip>} */ (shape).chip,
    });
    const { x: _x, y: _y, label: _label, contents: _contents, ...content } = /** @type {DensityShape} */ (shape);
    const signature = JSON.stringify([content, shape.kind === "packet" ? pointsLeft(/** @type {Chip} */ (shape)) : 0]);
    if (this.drawn.get(element) === signature) return;
    this.drawn.set(element, signature);
    const body = /** @type {SVGGElement} */ (element.firstElementChild);
    // The spaces are not drawn; they keep the words apart for whoever reads the text.
    body.replaceChildren(...outline(shape), ...parts(shape).flatMap((part) => [part, " "]));
  }

  #listen() {
    const repaint = () => {
      for (const field of this.fields.values()) field.repaint();
    };
    const attributeFilter = ["data-theme", "data-view"];
    new MutationObserver(repaint).observe(document.documentElement, { attributeFilter });
    for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"])
      matchMedia(query).addEventListener("change", repaint);
    this.svg.addEventListener("click", (event) => {
      const key = keyOf(event.target);
      if (key) this.#open(key);
    });
    this.svg.addEventListener("pointerover", (event) => this.answers.point(keyOf(event.target) ?? ""));
    this.svg.addEventListener("pointerleave", () => this.answers.point(""));
    this.svg.addEventListener("focusin", (event) => this.answers.point(keyOf(event.target) ?? ""));
    this.svg.addEventListener("keydown", (event) => this.#key(event));
  }

  /** A field of cells is gone into; anything else is chosen. @param {string} key */
  #open(key) {
    const field = this.fields.get(key);
    if (field) field.focus();
    else this.answers.choose(key);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = keyOf(event.target);
    const arrows = /** @type {Record<string, [number, number]>} */ ({
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    });
    if (key === null) {
      if (event.key !== "Enter") return;
      const first = this.svg.querySelector(".shape");
      if (first instanceof SVGElement) first.focus();
    } else if (event.key === "Escape") {
      this.svg.focus();
    } else if (event.key === "Enter") {
      this.#open(key);
    } else if (arrows[event.key]) {
      this.#move(key, arrows[event.key]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /**
   * Focus goes to the nearest shape in a direction; sideways distance counts double.
   * @param {string} from
   * @param {[number, number]} direction
   */
  #move(from, [dx, dy]) {
    const start = this.shapes.get(from)?.getBoundingClientRect();
    if (!start) return;
    let best = Infinity;
    /** @type {SVGGElement | null} */
    let found = null;
    for (const [key, element] of this.shapes) {
      if (key === from) continue;
      const box = element.getBoundingClientRect();
      const x = box.x + box.width / 2 - start.x - start.width / 2;
      const y = box.y + box.height / 2 - start.y - start.height / 2;
      const ahead = x * dx + y * dy;
      const aside = Math.abs(x * dy) + Math.abs(y * dx);
      if (ahead <= 1) continue;
      if (ahead + 2 * aside < best) {
        best = ahead + 2 * aside;
        found = element;
      }
    }
    found?.focus();
  }
}

/** @param {EventTarget | null} target */
function keyOf(target) {
  return target instanceof Element ? (target.closest(".shape[data-key]")?.getAttribute("data-key") ?? null) : null;
}

/**
 * What a shape is called: the words on it, as they stand there, then what they do not say.
 * @param {Shape} shape
 */
function spoken(shape) {
  const visible = [shape.plug?.text, ...shape.texts.map((line) => line.text)].filter(Boolean);
  const more = shape.label.split(", ").filter((part) => {
    const value = part.slice(part.indexOf(" ") + 1);
    return !visible.includes(part) && !visible.includes(value);
  });
  return [visible.join(" "), ...more].join(", ");
}
