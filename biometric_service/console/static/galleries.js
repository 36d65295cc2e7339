/** The choice of galleries that the key reaches. */

import { el } from "./dom.js";
import { get } from "./operations.js";
import { t } from "./strings.js";

const ALL = "ALL";

/** Fill a select; a key that may not list them is offered those it names. */
export async function fillGalleries(select, may) {
  const known = may.scopes.includes("abis.gallery.read")
    ? (await get("/galleries")).galleries
    : may.galleries.filter((name) => name !== ALL);
  const everywhere = may.galleries.includes(ALL) ? [el("option", { value: ALL }, t("form.all_galleries"))] : [];
  select.replaceChildren(...known.map((name) => el("option", { value: name }, name)), ...everywhere);
}
