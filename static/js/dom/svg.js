// Elements, text and the keyed join. Knows nothing of sockets.
// Text goes in as text nodes only: what a program or a packet said is never markup.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Record<string, string | number | boolean | null | undefined>} Attributes */

/**
 * Sets attributes where they differ; null, undefined and false take an attribute away.
 * @param {Element} element
 * @param {Attributes} attributes
 */
export function set(element, attributes) {
  for (const name in attributes) {
    const value = attributes[name];
    if (value === null || value === undefined || value === false) {
      if (element.hasAttribute(name)) element.removeAttribute(name);
      continue;
    }
    const wanted = value === true ? "" : String(value);
    if (element.getAttribute(name) !== wanted) element.setAttribute(name, wanted);
  }
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} name
 * @param {Attributes} [attributes]
 * @param {(Node | string)[]} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  set(element, attributes);
  element.append(...children);
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Attributes} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  set(element, attributes);
  element.append(...children);
  return element;
}

/**
 * An icon of the vendored sprite, hidden from assistive technology: the words beside it say what it means.
 * @param {string} name
 */
export function icon(name) {
  const picture = el("svg", { class: "icon", "aria-hidden": "true", width: 20, height: 20 });
  picture.append(el("use", { href: `${iconSheet()}#${name}` }));
  return picture;
}

let sheet = "";
function iconSheet() {
  if (!sheet) sheet = document.querySelector('meta[name="icons"]')?.getAttribute("content") ?? "";
  return sheet;
}

/**
 * Changes an element's text only where it differs, so that a selection or a reader is not disturbed.
 * @param {Element} element
 * @param {string} words
 */
export function text(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/**
 * The keyed join: after it, `parent` holds one child per item, in order, and a child lives as long as its key.
 *
 * @template T
 * @template {Element} E
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T) => E} create
 * @param {(element: E, item: T) => void} update
 * @param {(element: E) => void} [leave] what to do with a child that has gone (it is already out of the document)
 */
export function join(parent, items, key, create, update, leave) {
  /** @type {Map<string, E>} */
  const old = new Map();
  for (const child of parent.children) old.set(child.getAttribute("data-key") ?? "", /** @type {E} */ (child));
  const wanted = new Set(items.map(key));
  for (const [name, child] of old) {
    if (wanted.has(name)) continue;
    child.remove();
    leave?.(child);
  }
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let child = old.get(name);
    if (!child) {
      child = create(item);
      child.setAttribute("data-key", name);
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item);
  }
}

/**
 * What must be there.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root what it is looked up in
 * @param {string} selector
 * @returns {T}
 */
export function one(root, selector) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`there is no ${selector}`);
  return /** @type {T} */ (/** @type {unknown} */ (found));
}
