/**
 * Parts of a page that change without the page: an element is replaced by the one with its id in the answer.
 *
 *   <form data-swap="rows total">       its answer replaces #rows and #total, and the messages
 *   <a data-swap="rows">                 the same for a link
 *   <select data-auto>                   sends its form when it changes
 *   <div id="board" data-refresh="5">    asked for again every five seconds
 *   <div ... data-watch="/pulse">        with data-refresh: only when /pulse answers other than data-pulse
 *   <div id="chain" data-load="/path">   asked for once, from elsewhere
 *
 * The answer is a whole page, so that everything works without this script too. A new element with data-focus gets the
 * focus; else whoever had it keeps it.
 */

import { asked } from "./token.js";
import { t } from "./strings.js";

const MESSAGES = ["messages", "alerts"];
const shown = new Map();
let asked_for = 0;

/**
 * Ask for a page and take the elements with these ids from it, but for those that were asked for later and are there;
 * returns whether it came without a fault and in time.
 */
export async function swap(url, ids, options = {}) {
  const turn = ++asked_for;
  const answer = await fetched(url, { ...options, headers: { "X-Fragment": ids.join(" "), ...options.headers } });
  if (!answer) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const by_clock = options.headers?.["X-Refresh"];
  if (by_clock && !answer.ok) return false;
  const taken = by_clock ? ids : [...MESSAGES, ...(answer.ok ? ids : [])];
  const fresh = taken.filter((id) => options.method === "POST" || !(shown.get(id) > turn));
  for (const id of fresh) {
    shown.set(id, turn);
    replace(document.getElementById(id), page.getElementById(id));
  }
  if (!answer.ok) document.querySelector("#alerts h1")?.focus();
  return answer.ok && fresh.length === taken.length;
}

async function fetched(url, options) {
  try {
    return await asked(url, options);
  } catch {
    if (!options.headers["X-Refresh"]) document.getElementById("alerts").textContent = t("problem.network");
    return null;
  }
}

function replace(old, fresh) {
  if (!old || !fresh || old.isEqualNode(fresh)) return;
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const opened = Array.from(old.querySelectorAll("details[open][id]"), (each) => each.id);
  old.replaceWith(document.adoptNode(fresh));
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  (fresh.querySelector("[data-focus]") ?? (focused ? document.getElementById(focused) : null))?.focus();
  begun(fresh);
  fresh.dispatchEvent(new CustomEvent("swapped", { bubbles: true }));
}

/** Send a form whose answer replaces parts of the page. */
async function submitted(event) {
  const form = event.target;
  if (!form.dataset.swap || event.defaultPrevented) return;
  event.preventDefault();
  const data = new FormData(form, event.submitter);
  const ids = form.dataset.swap.split(" ");
  form.setAttribute("aria-busy", "true");
  try {
    if (form.method === "post") await swap(form.action, ids, { method: "POST", body: sendable(form, data) });
    else await show(`${form.action}?${new URLSearchParams(data)}`, ids);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

const sendable = (form, data) => (form.enctype === "multipart/form-data" ? data : new URLSearchParams(data));

async function show(url, ids) {
  if (await swap(url, ids)) history.replaceState(null, "", url);
}

function followed(event) {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(link.href, link.dataset.swap.split(" "));
}

/** Begin what an element and those in it do by themselves. */
function begun(root) {
  for (const each of [root, ...root.querySelectorAll("[data-load]")]) {
    if (each.dataset?.load) swap(each.dataset.load, [each.id], { headers: { "X-Refresh": "1" } });
  }
}

/** Whether what a refreshed element watches is no longer what it was drawn by; without anything to watch, always. */
async function changed(element) {
  if (!element.dataset.watch) return true;
  const answer = await fetched(element.dataset.watch, { headers: { "X-Refresh": "1" } });
  return Boolean(answer?.ok) && (await answer.text()) !== element.dataset.pulse;
}

function refreshing(element) {
  const id = element.id;
  const again = async () => {
    const present = document.getElementById(id);
    if (present && !document.hidden && (await changed(present))) {
      await swap(location.href, [id], { headers: { "X-Refresh": "1" } });
    }
    setTimeout(again, (Number(document.getElementById(id)?.dataset.refresh) || 5) * 1000);
  };
  setTimeout(again, Number(element.dataset.refresh) * 1000);
}

export function begin() {
  document.addEventListener("submit", submitted);
  document.addEventListener("click", followed);
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-auto]")) event.target.form.requestSubmit();
  });
  begun(document.body);
  document.querySelectorAll("[data-refresh][id]").forEach(refreshing);
}
