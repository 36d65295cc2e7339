/** A finger of whoever is at the post: by a reader of this machine, or from a file. */

import { byId } from "./dom.js";
import { ended, said } from "./intake_words.js";
import { Station, fileOf } from "./station_agent.js";
import { again, withoutReader } from "./station_reader.js";
import { t } from "./strings.js";

const SECONDS = 30;

/** One finger, as `{ file, about }` with what the reader says of it; null where none was given. */
export async function askFinger() {
  const dialog = byId("finger-dialog");
  const given = Promise.withResolvers();
  const ended = new AbortController();
  const { signal } = ended;
  const take = ({ target }) => target.files.length && given.resolve({ file: target.files[0], about: {} });
  byId("finger-file").addEventListener("change", take, { signal });
  byId("finger-cancel").addEventListener("click", () => given.resolve(null), { signal });
  dialog.addEventListener("close", () => given.resolve(null), { signal });
  dialog.showModal();
  new Reading(dialog.dataset.station, given.resolve, signal).begin();
  try {
    return await given.promise;
  } finally {
    ended.abort();
    dialog.close();
    byId("finger-file").value = "";
  }
}

class Reading {
  constructor(address, give, signal) {
    Object.assign(this, { station: new Station(address), give, signal });
  }

  /** By itself where the page was paired before; else the station is asked only where somebody wants it. */
  async begin() {
    this.#show(null);
    if (this.station.isKnown) await this.#look();
    else this.#offer("absent", []);
  }

  async #look() {
    const state = await this.station.state();
    const devices = state === "paired" ? await this.station.devices("fingerprint").catch(() => []) : [];
    if (!this.signal.aborted && !this.#offer(state, devices)) await this.#read(devices[0]);
  }

  /** Whether there is something to be done first. */
  #offer(state, devices) {
    const look = () => this.#look();
    const without = withoutReader(this.station, state, devices, look);
    byId("finger-reader").replaceChildren(...(without ?? [again(look)]));
    return Boolean(without);
  }

  async #read(device) {
    this.#hint(t("kiosk.next.reader"));
    try {
      const asked = { device: device.id, modality: "fingerprint", seconds: SECONDS };
      for await (const event of this.station.capture(asked, this.signal)) this.#happened(event);
    } catch {
      if (!this.signal.aborted) this.#hint(t("intake.reader.lost"));
    }
  }

  #happened(event) {
    if (event.event === "seen") this.#show(`data:image/jpeg;base64,${event.picture}`);
    else if (event.event === "advised") this.#hint(said({ reason: event.reason, instruction: event.advice }));
    else if (event.event === "taken") this.give({ file: fileOf(event.image), about: { dpi: event.dpi, signature: event.signature } });
    else if (event.event === "ended" && event.ending !== "complete") this.#hint(ended(event));
  }

  #show(address) {
    byId("finger-view").hidden = !address;
    if (address) byId("finger-view").src = address;
    else this.#hint("");
  }

  #hint(text) {
    byId("finger-hint").textContent = text;
  }
}
