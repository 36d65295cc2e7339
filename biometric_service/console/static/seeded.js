/** Synthetic samples of the people in the seeded gallery, other than those enrolled: one click tries the service. */

import { byId, el } from "./dom.js";
import { get, getFile } from "./operations.js";

const SHOWN = 8;
const ENROLLED = /_1\.png$/;

export async function showSeeded(may, take) {
  if (!may.scopes.includes("abis.identify")) return;
  const names = (await get("/seeded-samples")).names.filter((name) => !ENROLLED.test(name)).slice(0, SHOWN);
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
