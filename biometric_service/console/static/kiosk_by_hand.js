/** Two officers, one after the other, say who somebody is and why no face and no finger can; each proves who they are. */

import { byId } from "./dom.js";
import { picture } from "./kiosk_camera.js";
import { t } from "./strings.js";

/**
 * What follows for the person; null where the officers gave up. `desk.first({ subject, why }, proof)` gives what
 * `desk.second(it, proof)` confirms; a proof is an officer's key, or, at an agent's own screen that takes faces and was
 * given no key, a picture of the face.
 */
export async function askOfficers(desk, subject) {
  const dialog = byId("officers-dialog");
  const given = Promise.withResolvers();
  const ended = new AbortController();
  const { signal } = ended;
  byId("officers-form").addEventListener("submit", new Officers(desk, given.resolve), { signal });
  byId("officers-cancel").addEventListener("click", () => given.resolve(null), { signal });
  dialog.addEventListener("close", () => given.resolve(null), { signal });
  begun(subject);
  dialog.showModal();
  try {
    return await given.promise;
  } finally {
    ended.abort();
    dialog.close();
    begun("");
  }
}

class Officers {
  constructor(desk, give) {
    Object.assign(this, { desk, give, said: null });
  }

  async handleEvent(event) {
    event.preventDefault();
    const button = byId("officers-done");
    button.disabled = true;
    byId("officers-problem").textContent = "";
    try {
      await this.#prove(await proof());
    } catch (problem) {
      byId("officers-problem").textContent = [problem.message, problem.action].filter(Boolean).join(" ");
      if (problem.anew) this.#ask((this.said = null));
    } finally {
      button.disabled = false;
    }
  }

  async #prove(given) {
    if (this.said) return this.give(await this.desk.second(this.said, given));
    const { elements } = byId("officers-form");
    this.said = await this.desk.first({ subject: elements.subject.value.trim(), why: elements.why.value }, given);
    this.#ask(this.said);
  }

  #ask(said) {
    asking(said ? "second" : "first");
    if (byId("officers-key")) byId("officers-key").focus();
  }
}

function begun(subject) {
  byId("officers-form").reset();
  byId("officers-form").elements.subject.value = subject;
  byId("officers-problem").textContent = "";
  asking("first");
  const view = byId("officers-view");
  if (!view) return;
  view.srcObject = byId("video").srcObject;
  view.play().catch(() => null);
}

/** Which officer is asked; what the first one said stands while the second is. */
function asking(officer) {
  byId("officers-said").disabled = officer === "second";
  const here = byId("kiosk").dataset.agent === "yes" && officer === "second";
  byId("officers-turn").textContent = t(here ? "kiosk.officers.second_here" : `kiosk.officers.${officer}`);
  byId("officers-done").textContent = t(`kiosk.officers.${officer}_does`);
  if (byId("officers-key")) byId("officers-key").value = "";
}

function proof() {
  const key = byId("officers-key")?.value.trim() ?? "";
  return key || !byId("officers-view") ? key : picture(byId("video"));
}
