/** Building elements: text is always set as text, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An element with attributes and children; null children are left out. */
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const GLYPHS = {
  good: "M5 12.5l4.500 4.500L19 7.500",
  bad: "M7 7l10 10M17 7L7 17",
  doubt: "M12 6.500v7M12 17.200v.3",
  unknown: "M9 9.300a3 3 0 1 1 4.300 2.700c-.900.500-1.300 1-1.300 2M12 17.300v.2",
  again: "M18.500 12a6.500 6.500 0 1 1-2-4.700M18.500 4.500v3.500H15",
};

/** A round icon; its meaning is always said in words beside it. */
export function icon(glyph) {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" },
    svg("circle", { cx: 12, cy: 12, r: 11 }),
    svg("path", { d: GLYPHS[glyph] }),
  );
}
