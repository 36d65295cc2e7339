/** Ten fingers: which are done and how well, by readers of this machine or by files. */

import { byId, el } from "./dom.js";
import { ended, said, tone } from "./intake_words.js";
import { Station, StationProblem, fileOf } from "./station_agent.js";
import { again, withoutReader } from "./station_reader.js";
import { t } from "./strings.js";

const CODES = { right_four: 13, left_four: 14, thumbs: 15 };
const SCANS = {
  right_four: ["right_index", "right_middle", "right_ring", "right_little"],
  left_four: ["left_little", "left_ring", "left_middle", "left_index"],
  thumbs: ["left_thumb", "right_thumb"],
};
const FINGERS = [
  "right_thumb", "right_index", "right_middle", "right_ring", "right_little",
  "left_thumb", "left_index", "left_middle", "left_ring", "left_little",
];
const SECONDS = 30;

export class Fingers {
  /** `desk`: has the intake, its calls, and takes what comes back. */
  constructor(desk) {
    this.desk = desk;
    this.station = new Station(byId("intake").dataset.station);
    this.running = null;
    this.devices = [];
    this.chosen = FINGERS.find((each) => desk.intake.missing.includes(each)) ?? FINGERS[0];
    for (const each of document.querySelectorAll(".finger, .scan")) each.addEventListener("click", () => this.choose(each.dataset.place));
    byId("finger-file").addEventListener("change", (event) => this.#files(event.target));
    byId("finger-discard").addEventListener("click", () => this.#discard());
    byId("exception-form").addEventListener("submit", (event) => this.#except(event));
    byId("unexcept").addEventListener("click", () => this.#unexcept());
    byId("panel-fingers").addEventListener("dragover", (event) => event.preventDefault());
    byId("panel-fingers").addEventListener("drop", (event) => this.#dropped(event));
    if (this.station.isKnown) this.look();
    else byId("reader").replaceChildren(...this.#readerParts("absent"));
  }

  choose(place) {
    this.chosen = place;
    this.#hint("");
    this.show();
  }

  show() {
    const { intake } = this.desk;
    for (const place of FINGERS) this.#showFinger(place);
    for (const each of document.querySelectorAll(".scan")) each.setAttribute("aria-pressed", String(each.dataset.place === this.chosen));
    byId("finger-title").textContent = SCANS[this.chosen] ? t(`intake.scan.${this.chosen}`) : t(`finger.${this.chosen}`);
    const capture = intake.captures.find((each) => each.place === this.chosen);
    const exception = intake.exceptions.find((each) => each.position === this.chosen);
    byId("finger-discard").hidden = !capture || intake.state !== "open";
    byId("exception").hidden = Boolean(SCANS[this.chosen]) || intake.state !== "open";
    byId("unexcept").hidden = !exception;
    if (exception) [byId("reason").value, byId("since").value] = [exception.kind, exception.since ?? ""];
    byId("finger-actions").hidden = intake.state !== "open";
    if (!this.running) this.#picture(capture);
    const reader = byId("capture");
    if (reader) reader.disabled = Boolean(this.running) || intake.state !== "open";
  }

  /** Whether the agent is there, and which readers it has. */
  async look() {
    const state = await this.station.state();
    try {
      this.devices = state === "paired" ? await this.station.devices("fingerprint") : [];
    } catch {
      this.devices = [];
    }
    byId("reader").replaceChildren(...this.#readerParts(state));
    this.show();
  }

  #readerParts(state) {
    const look = () => this.look();
    const without = withoutReader(this.station, state, this.devices, look);
    if (without) return without;
    const options = this.devices.map((each) => el("option", { value: each.id }, each.model || each.name));
    const act = (place) => () => this.#capture(place);
    return [
      el("p", { class: "field" }, el("label", { for: "device" }, t("intake.reader.device")), el("select", { id: "device" }, options)),
      el("div", { class: "actions" },
        el("button", { type: "button", id: "capture", class: "primary", "data-key": "c", onclick: () => this.#capture([this.chosen]) }, t("intake.reader.capture")),
        el("button", { type: "button", id: "capture-all", onclick: act(null) }, t("intake.reader.all")),
        el("button", { type: "button", id: "stop", hidden: true, onclick: () => this.running?.abort() }, t("intake.reader.stop"))),
      again(look),
    ];
  }

  #showFinger(place) {
    const { intake } = this.desk;
    const button = byId(`at-${place}`);
    const capture = intake.captures.find((each) => each.place === place);
    const exception = intake.exceptions.find((each) => each.position === place);
    const among = SCANS[this.chosen]?.includes(place);
    button.className = `finger ${exception ? "absent" : capture ? tone(capture) : "open"}${this.asked?.includes(place) ? " asked" : ""}`;
    button.setAttribute("aria-pressed", String(place === this.chosen || Boolean(among)));
    button.querySelector(".told").textContent = exception ? t(`intake.reason.${exception.kind}`) : capture ? Math.round(capture.quality) : "–";
  }

  async #picture(capture) {
    const image = byId("finger-view");
    image.hidden = !capture;
    if (!capture) return this.#hint(SCANS[this.chosen] ? t("intake.hint.scan") : t("intake.hint.finger"));
    const place = capture.place;
    const address = await this.desk.picture(capture);
    if (this.chosen !== place || this.running) return;
    image.src = address;
    if (!byId("finger-hint").textContent) this.#hint(capture.advice.length ? said(capture.advice[0]) : t("intake.hint.good"));
  }

  #hint(text, kind = "") {
    byId("finger-hint").textContent = text;
    byId("finger-hint").className = `hint ${kind}`;
  }

  /** Capture the chosen finger or scan, or everything that is missing, one finger after the other. */
  async #capture(places) {
    const wanted = places ? (SCANS[places[0]] ?? places) : this.desk.intake.missing.filter((each) => FINGERS.includes(each));
    const absent = this.desk.intake.exceptions.map((each) => each.position);
    const fingers = wanted.filter((each) => !absent.includes(each));
    if (!fingers.length) return;
    const shows = places ? (CODES[places[0]] ?? FINGERS.indexOf(places[0]) + 1) : 0;
    const asked = { device: byId("device").value, modality: "fingerprint", fingers, shows, exceptions: absent, seconds: SECONDS };
    this.running = new AbortController();
    byId("stop").hidden = false;
    const kept = [];
    try {
      for await (const event of this.station.capture(asked, this.running.signal)) this.#happened(event, kept);
      await Promise.all(kept);
    } catch (problem) {
      if (problem.name !== "AbortError") this.desk.fault(problem instanceof StationProblem ? problem : new StationProblem({ detail: t("intake.reader.lost"), action: t("intake.reader.absent_action") }));
    } finally {
      this.running = this.asked = null;
      byId("stop").hidden = true;
      this.show();
    }
  }

  #happened(event, kept) {
    if (event.event === "seen") {
      byId("finger-view").src = `data:image/jpeg;base64,${event.picture}`;
      byId("finger-view").hidden = false;
    } else if (event.event === "asked") {
      this.asked = event.fingers;
      this.chosen = event.fingers.length === 1 ? event.fingers[0] : this.chosen;
      this.show();
      this.#hint(t("intake.hint.put", { fingers: event.fingers.map((each) => t(`finger.${each}`)).join(", ") }), "doubt");
    } else if (event.event === "advised") this.#hint(said({ reason: event.reason, instruction: event.advice }), "doubt");
    else if (event.event === "taken") kept.push(this.#taken(event));
    else if (event.event === "ended" && event.ending !== "complete") this.#hint(ended(event), "bad");
  }

  async #taken({ position, image, dpi, device, signature }) {
    this.#hint(t("intake.hint.taken"), "good");
    const place = position === "unknown" ? this.chosen : position;
    await this.#keep(place, fileOf(image), { dpi, device, signature });
  }

  async #files(input) {
    const files = Array.from(input.files);
    input.value = "";
    for (const file of files.slice(0, 1)) await this.#keep(this.chosen, file, { device: "file" });
  }

  async #dropped(event) {
    event.preventDefault();
    for (const file of Array.from(event.dataTransfer.files).slice(0, 1)) await this.#keep(this.chosen, file, { device: "file" });
  }

  async #keep(place, file, about) {
    const taking = await this.desk.capture(place, file, about);
    if (!taking) return;
    const worst = taking.judged.find((each) => each.fate !== "kept");
    if (taking.advice) this.#hint(said({ reason: "slap", instruction: taking.advice }), "bad");
    else if (worst) this.#hint(`${t(`intake.fate.${worst.fate}`)} ${worst.advice.length ? said(worst.advice[0]) : ""}`, worst.fate === "unusable" ? "bad" : "doubt");
    else this.#onward(place, taking.judged);
  }

  /** To the next finger that is missing; what was just kept says how good it is. */
  #onward(place, judged) {
    const advice = judged.flatMap((each) => each.advice);
    const next = FINGERS.find((each) => this.desk.intake.missing.includes(each));
    const text = advice.length ? said(advice[0]) : t("intake.hint.kept", { quality: Math.round(Math.min(...judged.map((each) => each.quality))) });
    if (!this.running && next && !advice.length) this.choose(next);
    this.show();
    this.#hint(text, advice.length ? "doubt" : "good");
  }

  async #discard() {
    await this.desk.changed(() => this.desk.calls.discard(this.chosen));
    this.#hint("");
    this.show();
  }

  async #except(event) {
    event.preventDefault();
    const others = this.desk.intake.exceptions.filter((each) => each.position !== this.chosen);
    const said = { position: this.chosen, kind: byId("reason").value, since: byId("since").value || null };
    await this.desk.changed(() => this.desk.calls.except([...others, said]));
    byId("exception").open = false;
  }

  async #unexcept() {
    const others = this.desk.intake.exceptions.filter((each) => each.position !== this.chosen);
    await this.desk.changed(() => this.desk.calls.except(others));
  }
}
