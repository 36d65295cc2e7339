/** A fault in words: what is wrong, what to do, and under which id the operator finds it. */

import { el, icon } from "./dom.js";
import { t } from "./strings.js";

export function problemCard(problem) {
  return el(
    "div",
    { class: "card problem", role: "alert" },
    icon("bad"),
    el(
      "div",
      {},
      el("h2", { tabindex: "-1" }, t("problem.title")),
      el("p", {}, problem.message),
      problem.action ? el("p", {}, problem.action) : null,
      problem.request ? el("p", { class: "quiet" }, t("problem.request", { id: problem.request })) : null,
    ),
  );
}
