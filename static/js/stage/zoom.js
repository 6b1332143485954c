// Nearer to the stage: by keys, by buttons, by the wheel with Ctrl (which is also the pinch of a touchpad), and by
// dragging. It only transforms the drawn picture: layout, shapes and exports know nothing of it.

const STEP = 1.25;
const NEAREST = 6;
const PAN = 0.15;
const DRAG_FROM = 4;

export class Zoom {
  /**
   * @param {HTMLElement} frame what stays where it is
   * @param {HTMLElement} home what is seen through the glass; it fills the frame
   */
  constructor(frame, home) {
    this.frame = frame;
    this.home = home;
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    frame.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.#press(event));
  }

  /** @param {1 | -1} direction nearer or farther @param {number} [x] what stays in place @param {number} [y] */
  step(direction, x = this.home.clientWidth / 2, y = this.home.clientHeight / 2) {
    this.#to(this.scale * STEP ** direction, x, y);
  }

  /** @param {number} right in parts of the frame @param {number} down */
  pan(right, down) {
    this.x -= right * PAN * this.home.clientWidth;
    this.y -= down * PAN * this.home.clientHeight;
    this.#show();
  }

  whole() {
    this.#to(1, 0, 0);
  }

  /** @param {number} scale @param {number} x @param {number} y */
  #to(scale, x, y) {
    const wanted = Math.min(NEAREST, Math.max(1, scale));
    const grown = wanted / this.scale;
    this.x = x - (x - this.x) * grown;
    this.y = y - (y - this.y) * grown;
    this.scale = wanted < 1.01 ? 1 : wanted;
    this.#show();
  }

  /** The picture never leaves the frame. */
  #show() {
    const width = this.home.clientWidth * (this.scale - 1);
    const height = this.home.clientHeight * (this.scale - 1);
    this.x = Math.max(-width, Math.min(0, this.x));
    this.y = Math.max(-height, Math.min(0, this.y));
    const zoomed = this.scale > 1;
    this.frame.toggleAttribute("data-zoomed", zoomed);
    this.home.style.transform = zoomed ? `translate(${this.x}px, ${this.y}px) scale(${this.scale})` : "";
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = this.frame.getBoundingClientRect();
    const top = this.home.offsetTop;
    this.#to(this.scale * 1.002 ** -event.deltaY, event.clientX - box.x, event.clientY - box.y - top);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (this.scale === 1 || event.button !== 0) return;
    const from = { x: event.clientX - this.x, y: event.clientY - this.y };
    let dragged = false;
    // A drag that ends on a shape is no click on it.
    const swallow = (/** @type {Event} */ click) => dragged && click.stopPropagation();
    this.frame.addEventListener("click", swallow, { capture: true });
    const move = (/** @type {PointerEvent} */ now) => {
      dragged ||= Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) > DRAG_FROM;
      if (!dragged) return;
      this.x = now.clientX - from.x;
      this.y = now.clientY - from.y;
      this.#show();
    };
    const end = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      window.setTimeout(() => this.frame.removeEventListener("click", swallow, { capture: true }));
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  }
}
