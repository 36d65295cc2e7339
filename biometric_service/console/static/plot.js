/** Where the candidates' scores lie between what a stranger reaches and what a match needs. */

import { svg } from "./dom.js";
import { count, score, t } from "./strings.js";

const WIDTH = 640;
const AXIS = 62;
const BAND = 22;
const HEIGHT = 90;
const HEADROOM = 1.15;
const MOST_TICKS = 7;

/** The plot of a decision. */
export function scorePlot(decision) {
  const best = decision.candidates[0]?.score ?? 0;
  const most = Math.max(decision.threshold * 1.4, best * HEADROOM, 1);
  const x = (value) => (Math.min(Math.max(value, 0), most) / most) * (WIDTH - 32) + 16;
  const summary = t("result.plot_summary", {
    score: score(best),
    match: score(decision.threshold),
    review: score(decision.review_threshold),
  });
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plot", role: "img", "aria-label": summary },
    zone(x(0), x(decision.review_threshold), "below", ""),
    zone(x(decision.review_threshold), x(decision.threshold), "review", t("result.zone_review")),
    zone(x(decision.threshold), x(most), "match", t("result.zone_match")),
    ticks(most).map((value) => tick(x(value), value)),
    decision.candidates.slice(1).map((candidate) => other(x(candidate.score))),
    decision.candidates.length ? winner(x(best), best) : null,
  );
}

function zone(from, to, kind, label) {
  const wide = to - from > label.length * 7 + 8;
  return svg(
    "g",
    { class: `zone ${kind}` },
    svg("rect", { x: from, y: AXIS - BAND, width: Math.max(to - from - 1, 0), height: BAND, rx: 3 }),
    wide && label ? svg("text", { x: to - 8, y: AXIS - 7, "text-anchor": "end" }, label) : null,
  );
}

function ticks(most) {
  const step = Math.max(1, Math.ceil(most / MOST_TICKS));
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

function tick(x, value) {
  const text = value === 0 ? t("result.always") : t("result.one_in", { n: strangers(value) });
  return svg(
    "g",
    { class: "tick" },
    svg("line", { x1: x, x2: x, y1: AXIS, y2: AXIS + 5 }),
    svg("text", { x, y: AXIS + 20, "text-anchor": value === 0 ? "start" : "middle", dx: value === 0 ? -14 : 0 }, text),
  );
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const WRITTEN_OUT = 4;

function strangers(power) {
  if (power <= WRITTEN_OUT) return count(10 ** power);
  return `10${String(power).replace(/\d/g, (digit) => SUPERSCRIPTS[digit])}`;
}

function other(x) {
  return svg("line", { class: "other", x1: x, x2: x, y1: AXIS - BAND + 3, y2: AXIS - 3 });
}

function winner(x, value) {
  const anchor = x > WIDTH - 40 ? "end" : x < 40 ? "start" : "middle";
  return svg(
    "g",
    { class: "winner" },
    svg("line", { x1: x, x2: x, y1: AXIS - BAND - 6, y2: AXIS + 1 }),
    svg("circle", { cx: x, cy: AXIS - BAND - 6, r: 5 }),
    svg("text", { x, y: AXIS - BAND - 18, "text-anchor": anchor }, score(value)),
  );
}
