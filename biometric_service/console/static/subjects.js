/** Who is enrolled. */

import { byId, el } from "./dom.js";
import { ALL, fillGalleries } from "./galleries.js";
import { get } from "./operations.js";
import { Pages } from "./pages.js";
import { begin } from "./session.js";
import { count, moment } from "./strings.js";

async function read(after) {
  const { subjects, next } = await get("/subjects", { gallery: byId("gallery").value, after });
  byId("none").hidden = subjects.length > 0;
  return { rows: subjects.map(row), next };
}

function row({ subject, galleries, encounters, enrolled_at: at }) {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, subject),
    el("td", {}, galleries.join(", ")),
    el("td", { class: "number" }, count(encounters)),
    el("td", {}, el("time", { datetime: at }, moment(at))),
  );
}

await begin(async (may) => {
  const pages = new Pages(read, () => null);
  await fillGalleries(byId("gallery"), may);
  if (may.galleries.includes(ALL)) byId("gallery").value = ALL;
  byId("gallery").addEventListener("change", () => pages.show(null));
  await pages.show(null);
});
