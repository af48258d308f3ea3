// Elements by id, and elements made.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Return an element of the page that must be there.
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} '${id}'`);
  return found;
}

/**
 * Make an element of HTML.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Make an element of SVG.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function draw(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** @param {HTMLSelectElement} select @param {string[]} names @param {string} [first] what is shown for no choice */
export function fillSelect(select, names, first) {
  const options = names.map((name) => make("option", { value: name }, name));
  select.replaceChildren(...(first === undefined ? [] : [make("option", { value: "" }, first)]), ...options);
}

/** @param {string} name @returns {string} the value of a custom property */
export const readStyle = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Give a canvas the pixels that it shows, and return its pen, in pixels of the page. @param {HTMLCanvasElement} canvas */
export function preparePen(canvas) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser draws on no canvas");
  pen.scale(ratio, ratio);
  return pen;
}
