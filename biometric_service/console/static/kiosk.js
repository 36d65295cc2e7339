/** A post's screen: somebody stands still before the camera, and learns by colour, shape, words and sound. */

import { askOfficers } from "./kiosk_by_hand.js";
import { openCamera, picture, standing } from "./kiosk_camera.js";
import { agentLink, serviceLink } from "./kiosk_link.js";
import { shapeOf } from "./kiosk_shapes.js";
import { play, unlock } from "./kiosk_sound.js";
import { byId } from "./dom.js";
import { t } from "./strings.js";

const SHOWN_MS = { pass: 3000, recapture: 3000, stop: 8000, review: 8000, fault: 8000 };
const FALL_BACK_MS = 20_000;
const TICK_MS = 100;
const kiosk = byId("kiosk");
const link = kiosk.dataset.agent === "yes" ? agentLink() : serviceLink(kiosk.dataset);
const offered = { finger: byId("finger"), manual: byId("manual") };
let busy = false;
let hide = null;
let face = null;
let subject = "";

const check = () =>
  answering("kiosk.checking", async () => {
    const seen = await picture(byId("video"));
    const answer = await link.check({ face: seen, finger: null }, claimed());
    face = answer.next === "finger" && answer.ground !== "search_incomplete" ? seen : null;
    return answer;
  });

const finger = () =>
  answering("kiosk.next.reader", async () => {
    const taken = await link.finger();
    return taken && link.check({ face, finger: taken }, claimed());
  });

const officers = () => answering("", () => askOfficers(link, subject || claimed() || ""));

const claimed = () => byId("claimed").value.trim() || null;

/** Show what comes of it; whatever was shown before ends, and only then may the next person be seen. */
async function answering(words, work) {
  if (busy) return;
  busy = true;
  hide?.();
  byId("prompt").textContent = words && t(words);
  const answer = await work().catch(fault);
  byId("prompt").textContent = "";
  busy = false;
  if (!answer || (await shown(answer))) forget();
}

function fault(problem) {
  return { passage: "fault", reasons: [problem.message], next: "manual", advice: problem.action ? [problem.action] : [] };
}

/** Whether it went by itself, not for a fall-back. */
async function shown(answer) {
  const state = answer.passage;
  const next = answer.next === "finger" && !offered.finger ? "manual" : answer.next;
  subject = answer.subject ?? "";
  byId("shape").replaceChildren(...shapeOf(state));
  byId("words").textContent = t(`kiosk.words.${state}`);
  byId("who").textContent = subject;
  byId("why").textContent = why(answer);
  byId("next").textContent = next === "none" ? "" : t(`kiosk.next.${next}`);
  byId("basis").textContent = basis(answer);
  byId("picture").hidden = !answer.picture;
  if (answer.picture) byId("picture").src = answer.picture;
  kiosk.dataset.state = state;
  kiosk.dataset.next = next;
  byId("idle").hidden = true;
  byId("verdict").hidden = false;
  play(state);
  const alone = await countDown(offered[next] ? FALL_BACK_MS : SHOWN_MS[state]);
  kiosk.dataset.state = "idle";
  kiosk.dataset.next = "none";
  byId("idle").hidden = false;
  byId("verdict").hidden = true;
  return alone;
}

function forget() {
  [face, subject, byId("claimed").value] = [null, "", ""];
}

/** The ground in the language of the screen; a fault, or advice on a picture, as it was said. */
function why(answer) {
  if (answer.passage === "fault" || !answer.ground) return [...answer.reasons, ...answer.advice].join(" ");
  return [t(`kiosk.ground.${answer.ground}`), ...answer.advice].join(" ");
}

function basis(answer) {
  if (answer.decided !== "offline") return "";
  return t("kiosk.offline", { slice: answer.slice, minutes: Math.round(answer.slice_age_s / 60) });
}

/** Whether the time went by; false where `hide` ended it before. */
function countDown(milliseconds) {
  const end = performance.now() + milliseconds;
  return new Promise((resolve) => {
    const over = (alone) => {
      clearInterval(timer);
      hide = null;
      resolve(alone);
    };
    const timer = setInterval(() => {
      const left = end - performance.now();
      byId("reset").value = Math.max(0, left / milliseconds);
      if (left <= 0) over(true);
    }, TICK_MS);
    hide = () => over(false);
  });
}

function showLink({ state, waiting }) {
  byId("link").dataset.link = state;
  byId("link-words").textContent = t(`kiosk.link.${state}`);
  byId("queue").textContent = waiting ? t("kiosk.waiting", { count: waiting }) : "";
}

/** A button that was touched once; a second touch at once is none. */
function touched(button, act) {
  button?.addEventListener("click", ({ detail }) => {
    unlock();
    if (detail < 2) act();
  });
}

touched(byId("check"), check);
touched(offered.finger, finger);
touched(offered.manual, officers);
byId("claim").addEventListener("submit", (event) => {
  event.preventDefault();
  check();
});
link.follow(showLink);
try {
  await openCamera(byId("video"));
  byId("prompt").textContent = "";
  standing(byId("video"), () => !busy && !hide, check);
} catch {
  byId("prompt").textContent = t("kiosk.no_camera");
  byId("check").disabled = true;
}
