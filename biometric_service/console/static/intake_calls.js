/** What the intake's page asks of the service; whatever changes the intake tells how it is now. */

import { call } from "./operations.js";
import { purpose } from "./session.js";

const JSON_TYPE = { "Content-Type": "application/json" };

export class IntakeCalls {
  constructor(id) {
    this.path = `/intakes/${id}`;
  }

  /** Have a picture judged, and kept where it is better; `more`: dpi, device, signature, only_good, mark. */
  async capture(place, picture, { dpi = null, device = "console", signature = null, ...more } = {}) {
    const modality = place.startsWith("face") || place === "mark" ? "face" : "fingerprint";
    const image = { modality, file: "image", ...(dpi ? { dpi } : {}), ...(signature ? { signature } : {}) };
    const form = new FormData();
    form.append("request", JSON.stringify({ purpose: purpose(), device, place, image, ...more }));
    form.append("image", picture, "image");
    return (await call(`${this.path}/captures`, { method: "POST", body: form })).json();
  }

  async discard(place) {
    return (await call(`${this.path}/captures/${place}?${query()}`, { method: "DELETE" })).json();
  }

  async except(exceptions) {
    return this.#send("PUT", "/exceptions", { exceptions });
  }

  search() {
    return this.#send("POST", "/search", {});
  }

  complete() {
    return this.#send("POST", "/completion", {});
  }

  giveUp() {
    return call(`${this.path}?${query()}`, { method: "DELETE" });
  }

  /** The picture of a place as an address of this page. */
  async picture(place) {
    return URL.createObjectURL(await (await call(`${this.path}/captures/${place}?${query()}`, {})).blob());
  }

  async #send(method, path, body) {
    const text = JSON.stringify({ purpose: purpose(), device: "console", ...body });
    return (await call(this.path + path, { method, headers: JSON_TYPE, body: text })).json();
  }
}

/** The face of somebody enrolled as an address of this page; null where none is kept or it may not be seen. */
export async function portrait(subject) {
  try {
    const answer = await call(`/subjects/${encodeURIComponent(subject)}/portrait?${query()}`, {});
    return answer.status === 200 ? URL.createObjectURL(await answer.blob()) : null;
  } catch {
    return null;
  }
}

/** A card as an address of this page. */
export async function card(subject, language) {
  const body = JSON.stringify({ purpose: purpose(), device: "console", language });
  const path = `/subjects/${encodeURIComponent(subject)}/cards`;
  return URL.createObjectURL(await (await call(path, { method: "POST", headers: JSON_TYPE, body })).blob());
}

const query = () => new URLSearchParams({ purpose: purpose(), device: "console" });
