/** Synthetic samples to try the service with, one a finger and not the one enrolled; the last two are of strangers. */

import { byId, el } from "./dom.js";
import { get, getFile } from "./operations.js";

const FIRST = 6;
const LAST = 2;
const SECOND_IMPRESSION = /_2\.png$/;

export async function showSeeded(may, take) {
  if (!may.scopes.includes("abis.identify")) return;
  const fingers = (await get("/seeded-samples")).names.filter((name) => SECOND_IMPRESSION.test(name));
  const names = fingers.filter((_, at) => at < FIRST || at >= fingers.length - LAST);
  byId("seeded").hidden = !names.length;
  byId("samples").replaceChildren(...(await Promise.all(names.map((name) => sample(name, take)))));
}

async function sample(name, take) {
  const image = await getFile(`/seeded-samples/${encodeURIComponent(name)}`);
  const label = name.replace(/\.\w+$/, "");
  const onclick = () => take(new File([image], name, { type: image.type }));
  const picture = el("img", { src: URL.createObjectURL(image), alt: "", width: 64, height: 64 });
  return el("li", {}, el("button", { type: "button", class: "sample", onclick }, picture, el("span", {}, label)));
}
