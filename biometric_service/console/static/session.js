/** Who is signed in: the key comes from the address's fragment or the form, and lives in this tab only. */

import { byId } from "./dom.js";
import { t } from "./strings.js";

const KEY = "biometric-service.key";
const PURPOSE = "biometric-service.purpose";
const DEFAULT_PURPOSE = "demonstration";

export const key = () => sessionStorage.getItem(KEY) ?? "";
export const purpose = () => byId("purpose").value.trim();

/** Forget the key and ask for another. */
export function signOut() {
  sessionStorage.removeItem(KEY);
  location.reload();
}

/** Sign in with what is at hand, then start the page with what the key may do. */
export async function begin(start) {
  takeFromAddress();
  byId("sign-out").addEventListener("click", signOut);
  byId("sign-in-form").addEventListener("submit", (event) => submitted(event, start));
  if (key()) await admit(start);
  else show(false);
}

function takeFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!given) return;
  sessionStorage.setItem(KEY, given);
  history.replaceState(null, "", location.pathname + location.search);
}

async function submitted(event, start) {
  event.preventDefault();
  sessionStorage.setItem(KEY, byId("key").value.trim());
  await admit(start);
}

async function admit(start) {
  const answer = await fetch("/v1/operations/api-key", { headers: { Authorization: `Bearer ${key()}` } });
  if (!answer.ok) {
    sessionStorage.removeItem(KEY);
    byId("sign-in-problem").textContent = answer.status === 401 ? t("session.refused") : t("problem.network_action");
    show(false);
    return;
  }
  const may = await answer.json();
  byId("key").value = "";
  byId("key-name").textContent = may.name;
  choosePurpose(may.purposes);
  show(true);
  await start(may);
}

function choosePurpose(purposes) {
  const field = byId("purpose");
  const kept = sessionStorage.getItem(PURPOSE);
  field.value = kept || (purposes.includes("*") ? DEFAULT_PURPOSE : purposes[0] ?? "");
  field.addEventListener("change", () => sessionStorage.setItem(PURPOSE, field.value));
}

function show(signedIn) {
  byId("sign-in").hidden = signedIn;
  for (const part of document.querySelectorAll("[data-signed-in]")) part.hidden = !signedIn;
  if (!signedIn) byId("key").focus();
}
