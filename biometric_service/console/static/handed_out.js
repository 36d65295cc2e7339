/**
 * A form whose answer is a file: it is kept, and the page that the form names is opened, since what was here is gone.
 *
 *   <form method="post" data-then="/held-transactions">
 *
 * Without this script the file is kept as well, and the page stays.
 */

import { byId, el } from "./dom.js";
import { problemCard } from "./problem.js";
import { t } from "./strings.js";
import { asked } from "./token.js";

async function handedOut(event) {
  const form = event.target;
  if (!form.dataset.then) return;
  event.preventDefault();
  const answer = await asked(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
  if (!answer?.ok) return byId("alerts").replaceChildren(problemCard({ message: t("held.not_handed_out"), action: "" }));
  const file = el("a", { href: URL.createObjectURL(await answer.blob()), download: form.dataset.name });
  file.click();
  location.assign(form.dataset.then);
}

document.addEventListener("submit", handedOut);
