/** A fault in words: what is wrong, what to do, and under which id the operator finds it. */

import { el, icon } from "./dom.js";
import { t } from "./strings.js";

/** As the service put it; on a page of another language first in that one, by the fault's code. */
function said({ code, message, action }) {
  const known = code ? t(`faults.${code}`) : "";
  if (document.documentElement.lang === "en" || !code || known === `faults.${code}`) {
    return [el("p", {}, message), action ? el("p", {}, action) : null];
  }
  return [el("p", {}, known), el("p", { class: "quiet", lang: "en" }, `${message} ${action ?? ""}`)];
}

export function problemCard(problem) {
  return el(
    "div",
    { class: "card problem", role: "alert" },
    icon("bad"),
    el(
      "div",
      {},
      el("h2", { tabindex: "-1" }, t("problem.title")),
      ...said(problem),
      problem.request ? el("p", { class: "quiet" }, t("problem.request", { id: problem.request })) : null,
    ),
  );
}
