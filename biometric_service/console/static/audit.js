/** What was done, by whom, and whether the log is whole. */

import { byId, el, icon } from "./dom.js";
import { get } from "./operations.js";
import { Pages } from "./pages.js";
import { begin } from "./session.js";
import { count, moment, t } from "./strings.js";

const PAGE = 50;
let events = 0;

const newest = () => Math.max(0, events - PAGE);

/** A page, the newest event first; the next one is older. */
async function read(after) {
  const { events: found } = await get("/audit-events", { after, limit: PAGE });
  return { rows: found.map(row).reverse(), next: after > 0 ? Math.max(0, after - PAGE) : null };
}

function row(event) {
  const details = Object.entries(event.details).filter(([, value]) => value !== "");
  return el(
    "tr",
    { id: `event-${event.number}` },
    el("th", { scope: "row", class: "number", title: event.digest }, count(event.number)),
    el("td", { class: "tight" }, el("time", { datetime: event.at }, moment(event.at))),
    el("td", { class: `kind ${event.kind.replace(/\W/g, "-")}` }, event.kind),
    el("td", {}, event.subject ?? ""),
    el("td", {}, event.purpose),
    el("td", { class: "quiet" }, event.actor),
    el("td", { class: "quiet facts" }, details.map(([name, value]) => `${name} ${value}`).join(" · ")),
  );
}

async function checkChain() {
  const chain = await get("/audit-events/verification");
  events = chain.events;
  const words = chain.intact
    ? [el("strong", {}, t("audit.intact")), ` ${t("audit.intact_detail", { n: count(events) })}`]
    : [el("strong", {}, t("audit.broken")), ` ${chain.fault}`];
  byId("chain").className = `chain ${chain.intact ? "intact" : "broken"}`;
  byId("chain").replaceChildren(icon(chain.intact ? "good" : "bad"), el("span", {}, words));
}

await begin(async () => {
  const pages = new Pages(read, newest);
  await checkChain().catch(() => byId("chain").replaceChildren());
  const wanted = new URLSearchParams(location.hash.slice(1)).get("event");
  await pages.show(wanted === null ? newest() : Math.max(0, Number(wanted) - PAGE));
});
