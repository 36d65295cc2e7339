/** One shape for each answer, so that nobody depends on colours: a disc, an octagon, a triangle, a square. */

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  pass: ["M50 4a46 46 0 1 0 0 92 46 46 0 1 0 0-92z", "M28 52l15 16 30-34"],
  stop: ["M31 4h38l27 27v38l-27 27H31L4 69V31z", "M34 34l32 32M66 34L34 66"],
  review: ["M50 6L97 92H3z", "M50 38v24M50 76v1"],
  fault: ["M50 6L97 92H3z", "M50 38v24M50 76v1"],
  recapture: ["M12 12h76v76H12z", "M70 50a20 20 0 1 1-7-15M66 22v15H51"],
};

export function shapeOf(state) {
  const [ground, sign] = SHAPES[state];
  return [path("ground", ground), path("sign", sign)];
}

function path(name, d) {
  const made = document.createElementNS(SVG, "path");
  made.setAttribute("class", name);
  made.setAttribute("d", d);
  return made;
}
