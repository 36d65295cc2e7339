/** The enrolment station's page: one intake, captured step by step. What is captured is kept at once, so it may be left and come back to. */

import { byId, el } from "./dom.js";
import { IntakeCalls } from "./intake_calls.js";
import { Face } from "./intake_face.js";
import { Fingers } from "./intake_fingers.js";
import { Finish } from "./intake_finish.js";
import { problemCard } from "./problem.js";
import { t } from "./strings.js";
import { tabs } from "./tabs.js";

const STEPS = ["fingers", "face", "marks", "finish"];
const KINDS = { open: "calm", refused: "bad", complete: "good" };

/** The intake as it is now, and everything that changes it. */
class Desk {
  constructor() {
    this.intake = JSON.parse(byId("intake").dataset.intake);
    this.calls = new IntakeCalls(this.intake.intake);
    this.pictures = new Map();
    this.parts = [];
    this.last = Promise.resolve();
  }

  /**
   * What `work` answers, null where it failed and the page says so. One work after the other: an answer that a later one
   * had overtaken would hide what is kept since.
   */
  async attempt(work) {
    byId("problem").replaceChildren();
    const done = this.last.then(work);
    this.last = done.catch(() => null);
    try {
      return await done;
    } catch (problem) {
      this.fault(problem);
      return null;
    }
  }

  fault(problem) {
    byId("problem").replaceChildren(problemCard(problem));
  }

  async capture(place, picture, about) {
    const taking = await this.attempt(() => this.calls.capture(place, picture, about));
    if (taking) this.#take(taking.intake);
    return taking;
  }

  async changed(work) {
    const intake = await this.attempt(work);
    if (intake) this.#take(intake);
  }

  async found(work) {
    const found = await this.attempt(work);
    if (found) this.#take({ ...this.intake, state: found.state, ...(found.state === "complete" ? { missing: [] } : {}) });
    return found;
  }

  /** The address of a capture's picture, fetched once. */
  async picture({ place, at }) {
    const key = `${place} ${at}`;
    if (!this.pictures.has(key)) this.pictures.set(key, this.calls.picture(place));
    return this.pictures.get(key);
  }

  show() {
    const { state, captures, missing } = this.intake;
    byId("state").replaceChildren(el("span", { class: `badge ${KINDS[state]}` }, t(`intake.state.${state}`)));
    byId("give-up").hidden = state !== "open";
    byId("saved").textContent = state === "open" && captures.length ? t("intake.saved", { n: captures.length }) : "";
    const faces = captures.filter((each) => each.place.startsWith("face"));
    const left = { fingers: missing.filter((each) => !each.startsWith("face")).length, face: 3 - faces.length };
    for (const step of ["fingers", "face"]) this.#count(step, left[step], STEPS.indexOf(step) + 1);
    this.#marks();
    for (const part of this.parts) part.show();
  }

  #take(intake) {
    this.intake = intake;
    this.show();
  }

  #count(step, left, number) {
    byId(`count-${step}`).textContent = left ? number : "✓";
    byId(`step-${step}`).classList.toggle("done", !left);
  }

  #marks() {
    const rows = this.intake.captures.filter((each) => each.mark).map((each) => this.#mark(each));
    byId("marks").replaceChildren(...(rows.length ? rows : [el("li", { class: "quiet" }, t("intake.mark.none"))]));
  }

  #mark(capture) {
    const { kind, place, description } = capture.mark;
    const image = el("img", { alt: "" });
    this.picture(capture).then((address) => (image.src = address));
    const remove = el("button", { type: "button", class: "plain", onclick: () => this.changed(() => this.calls.discard(capture.place)) }, t("intake.discard"));
    return el("li", {}, image, el("div", {}, el("strong", {}, `${t(`intake.mark.kinds.${kind}`)}: ${place}`), el("p", { class: "quiet" }, description)), remove);
  }
}

const desk = new Desk();
const face = new Face(desk);
desk.parts = [new Fingers(desk), face, new Finish(desk)];

const choose = tabs(document.querySelector(".steps"), (chosen) => {
  for (const step of STEPS) byId(`panel-${step}`).hidden = step !== chosen;
  byId("next").hidden = chosen === "finish";
  if (chosen !== "face") face.stop();
});

const present = () => STEPS.findIndex((step) => !byId(`panel-${step}`).hidden);
byId("next").addEventListener("click", () => choose(STEPS[present() + 1]));

byId("give-up").addEventListener("click", async () => {
  if (!confirm(t("intake.give_up_sure"))) return;
  if (await desk.attempt(() => desk.calls.giveUp())) location.assign("/intakes");
});

byId("mark-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const mark = { kind: byId("mark-kind").value, place: byId("mark-place").value, description: byId("mark-says").value };
  event.target.setAttribute("aria-busy", "true");
  if (await desk.capture("mark", byId("mark-file").files[0], { device: "file", mark })) event.target.reset();
  event.target.removeAttribute("aria-busy");
});

desk.show();
choose(desk.intake.state === "open" ? STEPS[0] : "finish");
