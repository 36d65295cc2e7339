/** The images that were dropped or chosen, with what each shows. */

import { byId, el } from "./dom.js";
import { t } from "./strings.js";

const FINGERS = [
  "unknown",
  "right_thumb", "right_index", "right_middle", "right_ring", "right_little",
  "left_thumb", "left_index", "left_middle", "left_ring", "left_little",
];
const PROBE = 48;
const COLOURED = 12;

/** One image; `described()` is what the service is told of it. */
class ChosenImage {
  constructor(file, modality, url) {
    Object.assign(this, { file, modality, url, position: "unknown", dpi: null });
  }

  described() {
    if (this.modality === "face") return { modality: "face" };
    return { modality: "fingerprint", position: this.position, ...(this.dpi ? { dpi: this.dpi } : {}) };
  }
}

/** The list of chosen images; `changed` is called whenever it changes, and `read` is over once all that were given are there. */
export class ChosenImages {
  constructor(changed) {
    this.chosen = [];
    this.changed = changed;
    this.read = Promise.resolve();
    const input = byId("files");
    input.addEventListener("change", () => this.#take(input));
    acceptDrops((files) => this.add(files));
    if (input.files.length) this.#take(input); // chosen before this script came
  }

  /** Add files, or have these only. */
  add(files, only = false) {
    const given = Promise.all(Array.from(files, toImage));
    this.read = this.read.then(async () => {
      const images = await given;
      const gone = only ? this.chosen.splice(0) : [];
      gone.forEach((image) => URL.revokeObjectURL(image.url));
      this.chosen.push(...images);
      this.#show();
      this.changed();
    });
  }

  #take(input) {
    const files = Array.from(input.files);
    input.value = "";
    this.add(files);
  }

  #remove(image) {
    URL.revokeObjectURL(image.url);
    this.chosen = this.chosen.filter((each) => each !== image);
    this.#show();
    byId("files").focus();
  }

  #show() {
    byId("images").replaceChildren(...this.chosen.map((image) => this.#row(image)));
  }

  #row(image) {
    const remove = el(
      "button",
      { type: "button", class: "plain", "aria-label": t("form.remove", { name: image.file.name }), onclick: () => this.#remove(image) },
      "×",
    );
    const head = el("div", { class: "image-head" }, el("span", { class: "name", title: image.file.name }, image.file.name), remove);
    return el("li", {}, thumbnail(image), el("div", {}, head, this.#facts(image)));
  }

  #facts(image) {
    const modality = choice(t("form.modality"), ["fingerprint", "face"], "modality", image.modality, (value) => {
      image.modality = value;
      this.#show();
      this.changed();
    });
    if (image.modality === "face") return el("div", { class: "facts" }, modality);
    const finger = choice(t("form.position"), FINGERS, "finger", image.position, (value) => {
      image.position = value;
    });
    return el("div", { class: "facts" }, modality, finger, resolution(image));
  }
}

function choice(label, values, texts, chosen, onchange) {
  const options = values.map((value) => el("option", { value, selected: value === chosen }, t(`${texts}.${value}`)));
  return el("select", { "aria-label": label, onchange: (event) => onchange(event.target.value) }, options);
}

function resolution(image) {
  const onchange = (event) => {
    image.dpi = Number(event.target.value) || null;
  };
  const attributes = { type: "number", min: 250, max: 1000, step: "any", placeholder: t("form.dpi_hint"), value: image.dpi ?? "" };
  return el("label", { class: "inline" }, el("input", { ...attributes, "aria-label": t("form.dpi"), onchange }), t("form.dpi"));
}

function thumbnail(image) {
  const picture = el("img", { src: image.url, alt: "", width: 56, height: 56 });
  picture.addEventListener("error", () => picture.classList.add("unshown"));
  return picture;
}

async function toImage(file) {
  const url = URL.createObjectURL(file);
  return new ChosenImage(file, (await isColoured(file)) ? "face" : "fingerprint", url);
}

/** Fingerprints are grey, photographs of faces mostly are not: a first guess that the user can change. */
async function isColoured(file) {
  try {
    const bitmap = await createImageBitmap(file, { resizeWidth: PROBE, resizeHeight: PROBE });
    const canvas = new OffscreenCanvas(PROBE, PROBE).getContext("2d");
    canvas.drawImage(bitmap, 0, 0);
    const { data } = canvas.getImageData(0, 0, PROBE, PROBE);
    let spread = 0;
    for (let i = 0; i < data.length; i += 4) {
      spread += Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]);
    }
    return spread / (PROBE * PROBE) > COLOURED;
  } catch {
    return false;
  }
}

function acceptDrops(take) {
  const zone = byId("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
  });
}
