/**
 * A person before an officer: pictures from files or the camera go to an operation, and what came of it is said.
 *
 *   <form data-capture="/releases/1/checks" data-kind="release" data-swap="release">
 *
 * Every other field goes into the request. The elements that data-swap names are asked for again afterwards.
 */

import { el, icon } from "./dom.js";
import { Problem, send } from "./operations.js";
import { problemCard } from "./problem.js";
import { t } from "./strings.js";
import { swap } from "./swap.js";

/** What an answer means, by the kind of the form: text, and whether all is well. */
const TOLD = {
  release: ({ release }) => [t(`release.states.${release.state}`), !["blocked", "stopped"].includes(release.state)],
  visit: ({ stop }) => (stop ? [t(`visit.stops.${stop}`), false] : [t("visit.done"), true]),
  muster: ({ finding, state, subject, demanded }) => {
    if (!finding) return [t(`muster.said.${state}`, { subject }), state === "counted"];
    return [t(`muster.findings.${finding}`, { subject: subject ?? "", finger: demanded ? t(`finger.${demanded}`) : "" }), false];
  },
};

class Image {
  constructor(file, form) {
    Object.assign(this, { file, modality: form.elements.modality.value, position: form.elements.position.value });
  }

  described() {
    return this.modality === "face" ? { modality: "face" } : { modality: "fingerprint", position: this.position };
  }
}

function say(children) {
  document.getElementById("messages").replaceChildren(...children);
}

const OWN = ["token", "modality", "position", "files"];

async function submitted(event) {
  const form = event.target.closest("form[data-capture]");
  if (!form) return;
  event.preventDefault();
  const files = [...form.elements.files.files, ...(form.taken ?? [])];
  if (!files.length) return say([problemCard(new Problem({ detail: t("form.need_image") }))]);
  const fields = Array.from(new FormData(form)).filter(([name, value]) => !OWN.includes(name) && value !== "");
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await send(form.dataset.capture, Object.fromEntries(fields), files.map((file) => new Image(file, form)));
    await swap(location.href, form.dataset.swap.split(" "));
    const [text, well] = TOLD[form.dataset.kind](answer);
    say([el("p", { class: `note ${well ? "good" : "bad"}` }, icon(well ? "good" : "bad"), el("span", {}, text))]);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    say([problemCard(problem)]);
  } finally {
    form.removeAttribute("aria-busy");
    form.taken = [];
  }
}

/** The camera of this machine: the first press shows it, the next takes the picture. */
async function pressed(event) {
  const button = event.target.closest("[data-camera]");
  if (!button) return;
  const form = button.form;
  const video = form.querySelector("video");
  if (video.hidden) {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.hidden = false;
    button.textContent = t("capture.take");
    await video.play();
    return;
  }
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d").drawImage(video, 0, 0);
  form.taken = [new File([await canvas.convertToBlob({ type: "image/png" })], "camera.png", { type: "image/png" })];
  for (const track of video.srcObject.getTracks()) track.stop();
  video.hidden = true;
  button.textContent = t("capture.camera");
  form.elements.modality.value = "face";
  form.requestSubmit();
}

/** Buttons of a form that this script sends wait for it. */
function usable(root) {
  for (const button of root.querySelectorAll("form[data-capture] button")) button.disabled = false;
}

document.addEventListener("submit", submitted, { capture: true });
document.addEventListener("swapped", (event) => usable(event.target));
usable(document);
document.addEventListener("click", (event) =>
  pressed(event).catch((fault) => say([problemCard(new Problem({ detail: t("capture.no_camera"), action: String(fault.message) }))])),
);
