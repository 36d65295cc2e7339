/** The first page: one person's images, one of four questions, and the answer with its explanation. */

import { byId, el } from "./dom.js";
import { fillGalleries } from "./galleries.js";
import { ChosenImages } from "./images.js";
import { Problem, send } from "./operations.js";
import { problemCard } from "./problem.js";
import { reasons, rulings } from "./reasons.js";
import { showSeeded } from "./seeded.js";
import { begin } from "./session.js";
import { t } from "./strings.js";
import { tabs } from "./tabs.js";
import { candidates, eventNote, headline, pictures, samples, scores } from "./verdict.js";

const SCOPES = { identify: "abis.identify", verify: "abis.verify", enrol: "abis.encounter.write", movement: "abis.movement" };
const text = (id) => byId(id).value.trim();

let task = "identify";
let may;
let images;
let chooseTask;
let galleriesKnown;
let asked = 0;

const QUESTIONS = {
  identify: () => ["/identifications", { gallery: text("gallery"), explain: explained() }],
  verify: () => ["/verifications", { gallery: text("gallery"), subject: text("subject-claimed"), explain: explained() }],
  enrol: () => [
    "/enrolments",
    { subject: text("subject-new"), galleries: [text("gallery")], despite_duplicates: byId("despite").checked },
  ],
  movement: () => [
    "/movement-checks",
    {
      gallery: text("gallery"),
      checkpoint: text("checkpoint"),
      direction: text("direction"),
      claimed: text("movement-claimed") || null,
      explain: explained(),
    },
  ],
};

const ANSWERS = {
  identify: recognition,
  verify: recognition,
  enrol: (answer) => {
    const suspected = answer.outcome === "duplicate_suspected";
    byId("despite-field").hidden = !suspected && !answer.alike.length;
    const kept = answer.encounter ? [t("result.kept", { encounter: answer.encounter })] : [...twice(answer.alike), ...(answer.duplicates ? reasons(answer.duplicates) : [])];
    return [
      headline(answer.outcome, answer.encounter ? answer.subject : null, kept),
      suspected ? scores(answer.duplicates, t("result.duplicates")) : null,
      pair(suspected ? candidates(answer.duplicates) : null, samples(answer.samples)),
    ];
  },
  movement: (answer) => [
    headline(answer.passage, answer.subject, rulings(answer), eventNote(answer.event)),
    answer.verification ? scores(answer.verification, t("result.verification")) : null,
    answer.identification ? scores(answer.identification, t("result.identification")) : null,
    pictures(answer.explanation),
    pair(answer.identification ? candidates(answer.identification) : null, samples(answer.samples)),
  ],
};

/** Which fingers look like one another, a sentence a pair. */
function twice(alike) {
  return alike.map(({ positions }) => t("result.twice", { first: t(`finger.${positions[0]}`), second: t(`finger.${positions[1]}`) }));
}

function recognition({ decision, samples: given, explanation, event }) {
  const named = decision.outcome === "match" ? decision.subject : null;
  return [
    headline(decision.outcome, named, reasons(decision), eventNote(event), enrolInstead(decision)),
    scores(decision),
    pictures(explanation),
    explained() ? null : el("p", { class: "quiet" }, t("result.explanation_denied")),
    pair(candidates(decision), samples(given)),
  ];
}

const pair = (...sections) => el("div", { class: "pair" }, sections);

function enrolInstead(decision) {
  if (decision.outcome !== "unknown" || !may.scopes.includes(SCOPES.enrol)) return null;
  const onclick = () => {
    chooseTask("enrol");
    byId("subject-new").focus();
  };
  return el("button", { type: "button", onclick }, t("result.enrol_this"));
}

const explained = () => may.scopes.includes("abis.encounter.read");

function setTask(chosen) {
  task = chosen;
  byId("panel").setAttribute("aria-labelledby", `tab-${task}`);
  byId("task-lead").textContent = t(`task.lead.${task}`);
  byId("run").textContent = t(`task.run.${task}`);
  byId("despite").checked = false;
  for (const field of document.querySelectorAll("[data-for]")) {
    field.hidden = field.dataset.for !== task || field.id === "despite-field";
  }
}

/** Only the answer to the last question is shown: one to an earlier question, which took longer, is of other images. */
async function ask() {
  const [mine, chosen] = [++asked, task];
  working(true);
  try {
    const answer = await answered(chosen);
    if (mine === asked) show([el("article", { class: "card answer" }, ANSWERS[chosen](answer))]);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (mine === asked) show([problemCard(problem)]);
  } finally {
    if (mine === asked) working(false);
  }
}

async function answered(chosen) {
  await Promise.all([galleriesKnown, images.read]);
  if (!images.chosen.length) throw new Problem({ detail: t("form.need_image") });
  const [path, request] = QUESTIONS[chosen]();
  return send(path, request, images.chosen);
}

function working(busy) {
  byId("result").setAttribute("aria-busy", String(busy));
  byId("run").disabled = busy;
  byId("run").textContent = t(busy ? "task.busy" : `task.run.${task}`);
}

function show(children) {
  byId("result").replaceChildren(...children);
  byId("result").querySelector("h2")?.focus({ preventScroll: true });
}

function changed() {
  if (task === "identify" && images.chosen.length) ask();
}

await begin(async (allowed) => {
  may = allowed;
  galleriesKnown = fillGalleries(byId("gallery"), may);
  images = new ChosenImages(changed);
  chooseTask = tabs(document.querySelector("[role=tablist]"), setTask);
  setTask(task);
  for (const [name, scope] of Object.entries(SCOPES)) byId(`tab-${name}`).hidden = !may.scopes.includes(scope);
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  byId("result").setAttribute("aria-busy", "false");
  await galleriesKnown;
  await showSeeded(may, (file) => images.add([file], true));
});
