/** The agent of this machine (`biometric-service station`): whether it is there, pairing, devices, captures. */

const TOKEN = "biometric-service.station";
const PATIENCE_MS = 15_000;

import { known } from "./strings.js";

/** What the agent says is wrong, and what to do: in the language of the page by its code, else as the agent put it. */
export class StationProblem extends Error {
  constructor({ code, detail, action }) {
    super(faultOf(code, "what") ?? detail);
    Object.assign(this, { code, action: faultOf(code, "do") ?? action });
  }
}

const faultOf = (code, part) => known(`station.faults.${code}.${part}`) ?? known(`faults.${code}.${part}`);

export class Station {
  constructor(address) {
    this.address = address;
  }

  /** Whether this tab was paired with it before; else it is asked only where somebody wants it. */
  get isKnown() {
    return sessionStorage.getItem(TOKEN) !== null;
  }

  /** "absent", "unpaired" or "paired". */
  async state() {
    try {
      const answer = await this.#ask("/v1/station", { signal: AbortSignal.timeout(PATIENCE_MS) });
      return (await answer.json()).paired ? "paired" : "unpaired";
    } catch {
      return "absent";
    }
  }

  /** Pair this page by the code on the agent's terminal. */
  async pair(code) {
    const answer = await this.#ask("/v1/pairings", { method: "POST", body: JSON.stringify({ code }) });
    sessionStorage.setItem(TOKEN, (await told(answer)).token);
  }

  /** Its devices that capture this: "face" or "fingerprint". */
  async devices(kind) {
    const { devices } = await told(await this.#ask("/v1/devices"));
    return devices.filter((each) => each.captures.includes(kind));
  }

  /** Every event of a capture session, as it happens; aborting the signal ends it and frees the device. */
  async *capture(asked, signal) {
    const answer = await this.#ask("/v1/captures", { method: "POST", body: JSON.stringify(asked), signal });
    if (!answer.ok) await told(answer);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) if (line) yield JSON.parse(line);
    }
  }

  #ask(path, options = {}) {
    const token = sessionStorage.getItem(TOKEN);
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    return fetch(this.address + path, { ...options, headers, targetAddressSpace: "loopback" });
  }
}

async function told(answer) {
  const said = await answer.json();
  if (!answer.ok) throw new StationProblem(said);
  return said;
}

/** Bytes in base64 as a file. */
export function fileOf(base64, type = "image/png") {
  return new Blob([Uint8Array.from(atob(base64), (each) => each.charCodeAt(0))], { type });
}
