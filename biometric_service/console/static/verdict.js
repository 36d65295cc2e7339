/** A decision with its explanation: the outcome, who, how sure, why, and what was compared. */

import { el, icon } from "./dom.js";
import { scorePlot } from "./plot.js";
import { count, percent, score, t } from "./strings.js";

const SHOWN = 3;
const GLYPHS = {
  match: "good", pass: "good", enrolled: "good", encounter_added: "good",
  no_match: "bad", stop: "bad",
  review: "doubt", incomplete: "doubt", duplicate_suspected: "doubt", search_incomplete: "doubt",
  identity_doubted: "doubt", fingers_confused: "doubt",
  unknown: "unknown",
  recapture: "again",
};

/** The headline: colour, icon and words say the same. */
export function headline(outcome, subject, reasons, ...more) {
  return el(
    "header",
    { class: `verdict ${outcome}` },
    icon(GLYPHS[outcome]),
    el(
      "div",
      {},
      el("h2", { tabindex: "-1", id: "outcome" }, t(`outcome.${outcome}`)),
      subject ? el("p", { class: "who" }, el("span", { class: "unseen" }, `${t("result.who")} `), subject) : null,
      reasons.map((reason) => el("p", { class: "reason" }, reason)),
    ),
    el("div", { class: "aside" }, more),
  );
}

/** The scores of a decision, as a plot and in words. */
export function scores(decision, title = t("result.plot")) {
  if (decision.outcome === "recapture") return null;
  const extrapolated = decision.candidates[0]?.parts.some((part) => part.score.extrapolated);
  const rates = { kind: decision.error_rates.kind.toUpperCase(), match: rate(decision.error_rates.match), review: rate(decision.error_rates.review) };
  return el(
    "section",
    { class: "scores" },
    ...(decision.candidates.length ? plotted(decision, title) : []),
    el(
      "p",
      { class: "quiet" },
      `${t("result.rates", rates)} · ${t("result.searched", { n: count(decision.searched) })}`,
    ),
    extrapolated ? el("p", { class: "quiet" }, t("result.extrapolated")) : null,
  );
}

const plotted = (decision, title) => [
  el("header", {}, el("h3", {}, title), el("span", { class: "quiet" }, t("result.plot_axis"))),
  scorePlot(decision),
];

/** Pictures of what was compared. */
export function pictures(explanation) {
  if (!explanation?.length) return null;
  return el(
    "section",
    {},
    el("h3", {}, t("result.compared")),
    explanation.map((compared) =>
      el(
        "figure",
        { class: `compared ${compared.modality}` },
        el(
          "div",
          { class: "sides", "aria-hidden": "true" },
          el("span", {}, t("result.given")),
          el("span", {}, t("result.enrolled", { subject: compared.subject })),
        ),
        el("img", { src: compared.picture, alt: compared.description }),
        el("figcaption", {}, `${partName(compared)} · ${score(compared.score.value)} · ${compared.description}`),
      ),
    ),
  );
}

/** Everybody it may be, best first. */
export function candidates(decision) {
  if (decision.outcome === "recapture") return null;
  const most = Math.max(decision.threshold, ...decision.candidates.map((each) => each.score), 1);
  const list = (some) => el("ol", { class: "candidates" }, some.map((each) => candidate(each, decision, most)));
  const near = Math.max(SHOWN, decision.candidates.filter((each) => each.score >= decision.review_threshold).length);
  const far = decision.candidates.slice(near);
  return el(
    "section",
    {},
    el("h3", {}, t("result.candidates")),
    decision.candidates.length ? list(decision.candidates.slice(0, near)) : el("p", { class: "quiet" }, t("result.no_candidates")),
    far.length ? el("details", {}, el("summary", {}, t("result.more", { n: count(far.length) })), list(far)) : null,
  );
}

function candidate(each, decision, most) {
  const reached = each.score >= decision.threshold ? "match" : each.score >= decision.review_threshold ? "review" : "below";
  const parts = each.parts.map((part) => `${partName(part)} ${score(part.score.value)} (${t("result.raw", { raw: part.score.raw.toPrecision(3) })})`);
  return el(
    "li",
    {},
    el("span", { class: "subject" }, each.subject ?? t("result.candidate_hidden")),
    el("meter", { class: reached, min: 0, max: most, value: each.score, "aria-label": t("result.score") }),
    el("span", { class: "number" }, score(each.score)),
    el("span", { class: "quiet parts" }, parts.join(", ")),
  );
}

/** How good each sample is, and what to do better. */
export function samples(given) {
  return el("section", {}, el("h3", {}, t("result.quality")), el("ul", { class: "qualities" }, given.map(sample)));
}

function sample(each) {
  const state = t(each.usable ? "result.usable" : "result.unusable");
  const advice = [each.failure, ...(each.quality?.advice ?? [])].filter(Boolean);
  const instructions = new Set(advice.map(({ defect }) => t(`instruction.${defect}`)));
  return el(
    "li",
    { class: each.usable ? "usable" : "unusable" },
    icon(each.usable ? "good" : "again"),
    el(
      "div",
      {},
      el("p", {}, el("strong", {}, partName(each)), ` · ${state}`, each.quality ? ` · ${t("result.quality_score", { score: Math.round(each.quality.score) })}` : ""),
      each.attack?.suspected ? el("p", { class: "warning" }, t("result.attack")) : null,
      instructions.size ? Array.from(instructions, (text) => el("p", { class: "instruction" }, text)) : el("p", { class: "quiet" }, t("result.fine")),
    ),
  );
}

/** Where the answer is in the audit log. */
export const eventNote = (event) => el("a", { class: "quiet", href: `/audit?before=${event + 1}#event-${event}` }, t("result.event", { n: event }));

const rate = (fraction) => percent(Number(fraction.toPrecision(2)));

function partName(part) {
  if (part.modality === "face") return t("modality.face");
  return part.position === "unknown" ? t("modality.fingerprint") : t(`finger.${part.position}`);
}
