// Elements without a line of HTML in a string: what comes from outside is only ever text.

export const by = (id) => document.getElementById(id);

/** Make an element: attributes as in HTML, `class` too; children are elements or text. */
export function make(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

/** Show sections by their ids, and hide the others of a list. */
export function showOnly(all, shown) {
  for (const id of all) by(id).hidden = !shown.includes(id);
}

export function put(id, text) {
  const element = by(id);
  if (element.textContent !== text) element.textContent = text;
}

/** A canvas as large as it is shown, in the pixels of the screen; returns what to draw with and its size. */
export function paper(canvas, height) {
  const scale = window.devicePixelRatio || 1;
  if (height) canvas.style.height = `${height}px`;
  const box = canvas.getBoundingClientRect();
  const [width, tall] = [Math.max(1, Math.round(box.width * scale)), Math.max(1, Math.round(box.height * scale))];
  if (canvas.width !== width || canvas.height !== tall) {
    canvas.width = width;
    canvas.height = tall;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, box.width, box.height);
  pen.font = '11px system-ui, "DejaVu Sans", sans-serif';
  return { pen, width: box.width, height: box.height, scale };
}

/** The colours of the style sheet by their names, as they are now: light or dark. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

export function whenDark(redraw) {
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
