/** The search of everyone ever enrolled, who was found, the record, and its card. */

import { byId, el, icon } from "./dom.js";
import { card, portrait } from "./intake_calls.js";
import { said } from "./intake_words.js";
import { score, t } from "./strings.js";

const sees = () => byId("intake").dataset.sees === "yes";

export class Finish {
  constructor(desk) {
    this.desk = desk;
    this.searched = false;
    byId("search").addEventListener("click", () => this.#run("search", () => desk.calls.search()));
    byId("complete").addEventListener("click", () => this.#run("complete", () => desk.calls.complete()));
  }

  show() {
    const { intake } = this.desk;
    const open = intake.state === "open";
    byId("search").hidden = !open;
    byId("search").disabled = !intake.captures.some((each) => !each.mark);
    byId("complete").hidden = intake.state === "complete";
    byId("complete").disabled = intake.missing.length > 0 || (open && !this.searched);
    byId("missing").replaceChildren(...this.#missing(intake));
    if (intake.state === "complete" && !byId("finding").childElementCount) this.#enrolled({ subject: intake.subject });
  }

  #missing({ missing, state }) {
    if (state === "refused") return [note("doubt", "doubt", t("intake.refused_lead"))];
    if (state === "complete") return [];
    if (!missing.length) return [note("good", "good", t("intake.all_there"))];
    const named = missing.map((each) => (each.startsWith("face") ? t(`intake.pose.${each}`) : t(`finger.${each}`)));
    return [note("doubt", "doubt", `${t("intake.missing")} ${named.join(", ")}.`)];
  }

  async #run(what, work) {
    byId("finding").replaceChildren(el("p", { class: "busy" }, t(`intake.busy.${what}`)));
    for (const name of ["search", "complete"]) byId(name).disabled = true;
    const found = await this.desk.found(work);
    if (!found) byId("finding").replaceChildren();
    else if (found.state === "complete") this.#enrolled(found);
    else this.#told(found);
    this.show();
  }

  #told(found) {
    this.searched = found.outcome === "enrolled";
    const parts = { enrolled: () => this.#nobody(found), duplicate_suspected: () => this.#duplicate(found), fingers_confused: () => this.#confused(found), recapture: () => this.#recapture(found) };
    const made = parts[found.outcome]?.() ?? [verdict("doubt", "doubt", t(`outcome.${found.outcome}`), t("intake.again_later"))];
    byId("finding").replaceChildren(...made);
    byId("finding").querySelector("h2")?.focus();
  }

  #nobody({ duplicates, namesakes }) {
    const heading = verdict("good", "good", t("intake.found.nobody"), t("intake.found.nobody_lead", { n: duplicates?.searched ?? 0 }));
    const told = namesakes.map(({ subject, same_birth: same }) => note("doubt", "doubt", t(same ? "intake.found.namesake_born" : "intake.found.namesake", { subject })));
    return [heading, ...told];
  }

  #duplicate({ found, duplicates }) {
    const lead = this.desk.intake.state === "refused" ? t("intake.found.duplicate_lead") : "";
    const best = duplicates?.candidates ?? [];
    const rows = found.map((subject, place) => this.#candidate(subject, best[place]));
    return [verdict("bad", "bad", t("intake.found.duplicate"), lead), el("ul", { class: "likes" }, rows)];
  }

  #candidate(subject, candidate) {
    const mine = el("img", { alt: t("intake.found.mine") });
    const theirs = el("img", { alt: t("intake.found.theirs", { subject: subject ?? "" }), hidden: true });
    const none = el("span", { class: "none" }, t(subject && sees() ? "intake.found.no_picture" : "intake.found.hidden"));
    this.#faces(mine, theirs, none, subject);
    const told = el("div", {}, el("h3", {}, subject ?? t("result.candidate_hidden")), candidate ? el("p", {}, t("intake.found.score", { score: score(candidate.score) })) : null);
    return el("li", {}, el("figure", {}, mine, el("figcaption", {}, t("intake.found.mine"))), el("figure", {}, theirs, none, el("figcaption", {}, subject ?? "?")), told);
  }

  async #faces(mine, theirs, none, subject) {
    const capture = this.desk.intake.captures.find((each) => each.place === "face_frontal");
    if (capture) mine.src = await this.desk.picture(capture);
    mine.hidden = !capture;
    const address = subject && sees() ? await portrait(subject) : null;
    if (address) theirs.src = address;
    theirs.hidden = !address;
    none.hidden = Boolean(address);
  }

  #confused({ alike }) {
    const pairs = alike.map(({ positions }) => el("p", {}, t("result.twice", { first: t(`finger.${positions[0]}`), second: t(`finger.${positions[1]}`) })));
    return [verdict("doubt", "doubt", t("outcome.fingers_confused"), ""), ...pairs];
  }

  #recapture({ retake }) {
    const rows = retake.map(({ place, advice }) => el("p", {}, `${t(`finger.${place}`)}: ${said(advice)}`));
    return [verdict("doubt", "again", t("outcome.recapture"), ""), ...rows];
  }

  #enrolled({ subject }) {
    const print = el("button", { type: "button", class: "primary big", id: "card" }, t("intake.card.print"));
    const place = el("div", { id: "card-link" });
    print.addEventListener("click", async () => {
      print.disabled = true;
      await this.#print(subject, place);
      print.disabled = false;
    });
    const actions = el("div", { class: "actions" }, print, el("a", { class: "button big", href: "/intakes" }, t("intake.another")));
    byId("finding").replaceChildren(verdict("good", "good", t("intake.done"), subject), actions, place);
    byId("finding").querySelector("h2").focus();
  }

  async #print(subject, place) {
    const address = await this.desk.attempt(() => card(subject, document.documentElement.lang));
    if (!address) return;
    const link = el("a", { class: "button", href: address, target: "_blank", download: `${subject}.pdf` }, t("intake.card.open"));
    place.replaceChildren(note("good", "good", t("intake.card.ready")), link);
    link.focus();
  }
}

function verdict(kind, glyph, title, lead) {
  return el("div", { class: `outcome ${kind}` }, icon(glyph), el("div", {}, el("h2", { tabindex: "-1" }, title), lead ? el("p", {}, lead) : null));
}

function note(kind, glyph, text) {
  return el("p", { class: `note ${kind}` }, icon(glyph), el("span", {}, text));
}
