// Export: the stage as a picture in one file, the link to this moment, the files of the run.
//
// The picture is the stage's own SVG, with everything that the stylesheets say written into its attributes, so
// that it looks the same in a slide, a paper or a drawing program; the fonts are embedded as data. The PNG is that
// SVG painted on a canvas: nothing in it comes from elsewhere, so the canvas may be read.

import { one } from "../dom/svg.js";
import { served } from "./address.js";

/** What a stylesheet can change of a shape, and what it is if nobody does. Inherited ones are written where they change. */
const PROPERTIES = /** @type {const} */ ([
  ["fill", "rgb(0, 0, 0)", "inherited"],
  ["stroke", "none", "inherited"],
  ["stroke-width", "1px", "inherited"],
  ["stroke-dasharray", "none", "inherited"],
  ["stroke-linecap", "butt", "inherited"],
  ["stroke-linejoin", "miter", "inherited"],
  ["paint-order", "normal", "inherited"],
  ["font-family", "", "inherited"],
  ["font-size", "", "inherited"],
  ["font-weight", "400", "inherited"],
  ["text-anchor", "start", "inherited"],
  ["dominant-baseline", "auto", "inherited"],
  ["letter-spacing", "normal", "inherited"],
  ["visibility", "visible", "inherited"],
  ["opacity", "1", "own"],
  ["filter", "none", "own"],
  ["text-decoration-line", "none", "own"],
]);
const COLOURS = new Set(["fill", "stroke"]);
const ATTRIBUTES = /** @type {Record<string, string>} */ ({ "text-decoration-line": "text-decoration" });
const DROPPED = ["class", "style", "tabindex", "role", "aria-label", "aria-hidden", "data-key"];
const PNG_SCALE = 2;
const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {object} Desk
 * @property {HTMLElement} stage the element that holds the stage's picture
 * @property {(() => string) | null} link the address of what is on the screen; null: it has none
 * @property {() => string} caption the sentence that belongs to it
 * @property {() => string} name what files are called
 */

/**
 * @param {HTMLElement} root of the screen
 * @param {Desk} desk
 */
export function bindExports(root, desk) {
  const acts = /** @type {Record<string, () => Promise<string>>} */ ({
    svg: async () => {
      const picture = await stagePicture(desk.stage, desk.caption());
      return save(new Blob([picture.text], { type: "image/svg+xml" }), `${desk.name()}.svg`);
    },
    png: async () => save(await painted(await stagePicture(desk.stage, desk.caption())), `${desk.name()}.png`),
    link: async () => copied(desk.link?.() ?? ""),
  });
  for (const button of root.querySelectorAll("[data-export]")) {
    const what = button.getAttribute("data-export") ?? "";
    if (what === "link") /** @type {HTMLElement} */ (button).hidden = !served() || desk.link === null;
    button.addEventListener("click", async () => {
      one(root, "[data-exported]").textContent = await acts[what]().catch(
        (error) => `That did not work: ${error.message ?? error}`,
      );
    });
  }
}

/**
 * Offers the files of a run that a server has.
 * @param {HTMLElement} root of the screen
 * @param {string} address what theirs begin with; behind "?" what stands behind each
 * @param {string} name what the files are called
 */
export function offerDownloads(root, address, name) {
  const [home, query] = address.split("?");
  for (const link of downloads(root)) {
    const file = link.dataset.download ?? "";
    link.href = `${home}/${file}${query ? `?${query}` : ""}`;
    link.download = `${name}.${file === "replay.html" ? "html" : file.split(".").slice(1).join(".")}`;
    link.hidden = false;
  }
}

/**
 * Offers the recording that this page holds.
 * @param {HTMLElement} root of the screen
 * @param {Uint8Array} bytes
 * @param {string} name
 */
export function offerRecording(root, bytes, name) {
  const link = downloads(root).find((each) => each.dataset.download === "recording.jsonl.gz");
  if (!link) return;
  link.href = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)], { type: "application/gzip" }));
  link.download = `${name}.jsonl.gz`;
  link.hidden = false;
}

/** @param {HTMLElement} root */
function downloads(root) {
  return [.../** @type {NodeListOf<HTMLAnchorElement>} */ (root.querySelectorAll("[data-download]"))];
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return `Saved as ${name}.`;
}

/** @param {string} address */
export async function copied(address) {
  try {
    await navigator.clipboard.writeText(address);
    return `Copied: ${address}`;
  } catch {
    return address; // The clipboard is only for secure pages; the address can be copied by hand.
  }
}

// ---- the picture

/**
 * The stage as an SVG document.
 * @param {HTMLElement} home
 * @param {string} caption
 * @returns {Promise<{text: string, width: number, height: number}>}
 */
export async function stagePicture(home, caption) {
  const live = home.querySelector("svg");
  if (!live) throw new Error("there is no picture yet");
  for (const animation of live.getAnimations({ subtree: true })) {
    if (Number(animation.effect?.getComputedTiming().endTime) < Infinity) animation.finish();
  }
  const { width, height } = live.getBoundingClientRect();
  const picture = /** @type {SVGSVGElement} */ (styled(live, null));
  picture.setAttribute("xmlns", SVG);
  picture.setAttribute("role", "img");
  for (const canvas of home.querySelectorAll("canvas")) picture.append(painting(canvas, live));
  picture.prepend(title("desc", caption), ground(width, height));
  picture.prepend(title("title", "Socketlab"));
  const text = new XMLSerializer().serializeToString(picture);
  // The style comes in as text: as an element of this page it would fall under the page's policy.
  const style = `<style>${escaped(await faces())}text{font-variant-numeric:tabular-nums;white-space:pre}</style>`;
  return { text: text.replace("</title>", `</title>${style}`), width, height };
}

/**
 * A copy of a shape that says all of its looks itself; null if it is not to be seen.
 * @param {Element} live
 * @param {CSSStyleDeclaration | null} above the computed style of the copy's parent
 * @returns {Element | null}
 */
function styled(live, above) {
  const style = getComputedStyle(live);
  if (style.display === "none" || live.getAttribute("data-layer") === "motion") return null;
  const copy = /** @type {Element} */ (live.cloneNode(false));
  for (const name of DROPPED) copy.removeAttribute(name);
  for (const [property, plain, kind] of PROPERTIES) {
    const value = style.getPropertyValue(property);
    const known = kind === "inherited" && above ? above.getPropertyValue(property) : plain;
    if (value !== known) write(copy, property, value);
  }
  const key = live.getAttribute("data-key");
  const label = live.getAttribute("aria-label");
  if (key) copy.setAttribute("data-key", key);
  if (key && label) copy.append(title("title", label));
  for (const child of live.childNodes) {
    if (child instanceof Element) {
      const inner = styled(child, style);
      if (inner) copy.append(inner);
    } else if (child instanceof Text) {
      copy.append(child.cloneNode());
    }
  }
  return copy;
}

/** @param {Element} copy @param {string} property @param {string} value */
function write(copy, property, value) {
  const name = ATTRIBUTES[property] ?? property;
  if (!COLOURS.has(property)) {
    copy.setAttribute(name, value);
    return;
  }
  const { colour, opacity } = plainColour(value);
  copy.setAttribute(name, colour);
  if (opacity < 1) copy.setAttribute(`${name}-opacity`, String(opacity));
}

/** @type {Map<string, {colour: string, opacity: number}>} */
const colours = new Map();

/**
 * Any colour that a browser computes (color-mix and wide gamuts too) as #rrggbb, which every program reads.
 * @param {string} value
 */
function plainColour(value) {
  let known = colours.get(value);
  if (known) return known;
  known = { colour: value, opacity: 1 };
  const context = value === "none" ? null : document.createElement("canvas").getContext("2d");
  if (context) {
    context.fillStyle = value;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
    const hex = [red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("");
    known = { colour: alpha === 0 ? "none" : `#${hex}`, opacity: Math.round((alpha / 255) * 1000) / 1000 };
  }
  colours.set(value, known);
  return known;
}

/** @param {"title" | "desc"} name @param {string} words */
function title(name, words) {
  const element = document.createElementNS(SVG, name);
  element.textContent = words;
  return element;
}

/** What lies behind the picture on the page. @param {number} width @param {number} height */
function ground(width, height) {
  const rect = document.createElementNS(SVG, "rect");
  const { colour } = plainColour(getComputedStyle(document.documentElement).backgroundColor);
  for (const [name, value] of Object.entries({ width, height, fill: colour })) rect.setAttribute(name, String(value));
  return rect;
}

/** What is painted and not drawn (the density view), where it stands. @param {HTMLCanvasElement} canvas @param {Element} live */
function painting(canvas, live) {
  const [box, home] = [canvas.getBoundingClientRect(), live.getBoundingClientRect()];
  const image = document.createElementNS(SVG, "image");
  const near = home.width / (Number(live.getAttribute("width")) || home.width); // how far the stage is zoomed in
  const [x, y, width, height] = [box.x - home.x, box.y - home.y, box.width, box.height].map((size) => size / near);
  const places = { x, y, width, height, href: canvas.toDataURL("image/png") };
  for (const [name, value] of Object.entries(places)) image.setAttribute(name, String(value));
  return image;
}

/** The page's fonts as rules that hold their data. */
async function faces() {
  const rules = [...document.styleSheets].flatMap((sheet) => [...fontRules(sheet.cssRules, sheet.href)]);
  const texts = await Promise.all(
    rules.map(async ({ rule, base }) => {
      const source = rule.style.getPropertyValue("src");
      const found = /url\("([^"]+)"\)/.exec(source);
      if (!found) return "";
      const data = found[1].startsWith("data:")
        ? found[1]
        : await dataOf(new URL(found[1], base ?? location.href).href);
      const [family, weight] = ["font-family", "font-weight"].map((name) => rule.style.getPropertyValue(name));
      return `@font-face{font-family:${family};font-weight:${weight};src:url("${data}") format("woff2")}`;
    }),
  );
  return texts.join("");
}

/**
 * @param {CSSRuleList} rules
 * @param {string | null} base
 * @returns {Generator<{rule: CSSFontFaceRule, base: string | null}>}
 */
function* fontRules(rules, base) {
  for (const rule of rules) {
    if (rule instanceof CSSFontFaceRule) yield { rule, base };
    else if (rule instanceof CSSGroupingRule) yield* fontRules(rule.cssRules, base);
  }
}

/** @type {Map<string, Promise<string>>} */
const known = new Map();

/** @param {string} address @returns {Promise<string>} */
function dataOf(address) {
  let data = known.get(address);
  if (!data) {
    data = fetch(address)
      .then((answer) => answer.arrayBuffer())
      .then((buffer) => {
        const text = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
        return `data:font/woff2;base64,${btoa(text)}`;
      });
    known.set(address, data);
  }
  return data;
}

/** Text inside an XML element. @param {string} words */
function escaped(words) {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/**
 * @param {{text: string, width: number, height: number}} picture
 * @returns {Promise<Blob>}
 */
async function painted({ text, width, height }) {
  const image = new Image(width, height);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * PNG_SCALE);
  canvas.height = Math.round(height * PNG_SCALE);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser paints nothing");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("there is nothing to save"))), "image/png"),
  );
}
