/** The choice of galleries that the key reaches. */

import { el } from "./dom.js";
import { get } from "./operations.js";
import { t } from "./strings.js";

export const ALL = "ALL";

/** Fill a select. */
export async function fillGalleries(select, may) {
  const known = await listed(may);
  const everywhere = may.galleries.includes(ALL) ? [el("option", { value: ALL }, t("form.all_galleries"))] : [];
  select.replaceChildren(...known.map((name) => el("option", { value: name }, name)), ...everywhere);
}

/** Those that there are; a key that may not list them is offered those it names. */
async function listed(may) {
  const named = may.galleries.filter((name) => name !== ALL);
  if (!may.scopes.includes("abis.gallery.read")) return named;
  return get("/galleries").then(({ galleries }) => galleries, () => named);
}
