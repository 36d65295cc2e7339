/** What whoever is signed in may do, for pages that a script fills. */

import { byId } from "./dom.js";
import { asked } from "./token.js";

export const purpose = () => byId("purpose").value.trim();

/** Start the page with what the session may do. */
export async function begin(start) {
  const answer = await asked("/v1/operations/api-key");
  if (answer.ok) await start(await answer.json());
  else location.assign("/sign-in");
}
