/** What every page does: send a form once, swap parts of itself, take shortcuts, keep its session while somebody is there. */

import { begin as beginKeys } from "./keys.js";
import { begin as beginPressing } from "./pressing.js";
import { begin as beginSwapping } from "./swap.js";
import { post } from "./token.js";

const ALIVE_EVERY_MS = 300_000;
let last = Date.now();

/** Somebody who reads and types without asking the service for anything is there all the same. */
function stayAlive() {
  if (Date.now() - last < ALIVE_EVERY_MS) return;
  last = Date.now();
  post("/session").catch(() => null);
}

beginPressing();
beginSwapping();
beginKeys();
for (const sign of ["pointerdown", "keydown"]) document.addEventListener(sign, stayAlive, { passive: true });
