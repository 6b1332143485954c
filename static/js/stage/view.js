// How large the picture is and how wide its texts are: what layout.js is told about the screen.

/** @typedef {import("./shapes.js").Face} Face */

const FONTS = /** @type {Record<Face, string>} */ ({
  plain: '400 100px "Atkinson Hyperlegible Next"',
  strong: '650 100px "Atkinson Hyperlegible Next"',
  mono: '400 100px "Atkinson Hyperlegible Mono"',
  code: '650 100px "Atkinson Hyperlegible Mono"',
});

/** @type {Map<string, number>} */
const known = new Map();
/** @type {CanvasRenderingContext2D | null | undefined} what texts are measured with, once one is */
let context;

/**
 * Width of a text at a font size of 1.
 * @param {string} text
 * @param {Face} face
 */
export function measure(text, face) {
  const key = face + text;
  let width = known.get(key);
  if (width === undefined) {
    if (context === undefined) context = document.createElement("canvas").getContext("2d");
    if (!context) return text.length * 0.6;
    context.font = FONTS[face];
    width = context.measureText(text).width / 100;
    if (known.size > 20000) known.clear();
    known.set(key, width);
  }
  return width;
}

/** Loads the fonts and forgets what was measured without them. */
export async function fontsReady() {
  await Promise.all(Object.values(FONTS).map((font) => document.fonts.load(font)));
  known.clear();
}

/**
 * The font sizes to try, largest first: on a projector by the height of the picture, else by its width.
 * @param {number} width of the window
 * @param {number} height of the window
 * @param {boolean} projector
 * @param {boolean} ladder whether the projector's lower third is the ladder
 */
export function sizes(width, height, projector, ladder) {
  if (projector) {
    const base = Math.max(18, Math.min(40, Math.round(height * 0.0297)));
    const all = [base, Math.round(base * 0.875), Math.round(base * 0.75)];
    return ladder ? all.slice(2) : all;
  }
  if (width < 900) return [13, 12];
  return [16, 15, 14, 13];
}
