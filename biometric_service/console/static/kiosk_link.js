/** Whom the screen asks: the service, or the checkpoint's agent on this machine, which goes on without it. */

import { askFinger } from "./kiosk_finger.js";
import { asked, post as send } from "./token.js";
import { language, t } from "./strings.js";

const LOOK_MS = 3000;
const CONFIRMED = new Set(["another_person", "not_active", "no_order"]);
const OPERATIONS = "/v1/operations";

/** The service itself; without it there is no answer. */
export function serviceLink({ post, gallery, direction, purpose }) {
  const explains = asked(`${OPERATIONS}/api-key`)
    .then((answer) => answer.json())
    .then((key) => (key.scopes ?? []).includes("abis.encounter.read"))
    .catch(() => false);
  const about = { purpose, device: "kiosk" };
  return {
    finger: askFinger,
    /** Check a person by `face`, a picture, and `finger`, as `finger()` gave it; either may be null. */
    async check({ face, finger }, claimed) {
      const images = [];
      if (face) images.push({ modality: "face", file: "face" });
      if (finger) images.push({ modality: "fingerprint", file: "finger", ...finger.about });
      const request = { ...about, gallery, post, direction, claimed, explain: await explains, passage: crypto.randomUUID(), images };
      const form = new FormData();
      form.append("request", JSON.stringify(request));
      if (face) form.append("face", face, "face");
      if (finger) form.append("finger", finger.file, "finger");
      const answer = await told(`${OPERATIONS}/movement-checks`, { method: "POST", body: form });
      send("/session").catch(() => null); // whoever is checked is somebody who is there
      return ofService(answer, images);
    },
    first: ({ subject, why }, key) =>
      said("", key, { ...about, gallery, post, direction, subject, reason: t(`kiosk.why.${why}`) }),
    async second({ manual_check: check }, key) {
      const { passage, ground, reason, check: kept } = await said(`/${check}/confirmation`, key, about);
      return { passage, ground, subject: kept.subject, reasons: [reason], advice: [], next: "none" };
    },
    follow(show) {
      const look = async () => {
        const up = await fetch("/healthz").then((answer) => answer.ok, () => false);
        show({ state: up ? "up" : "cut", waiting: 0 });
      };
      look();
      setInterval(look, LOOK_MS);
    },
  };
}

/** The agent on this machine. */
export function agentLink() {
  return {
    finger: async () => "reader", // the agent takes it by its own
    check({ face, finger }, claimed) {
      const query = claimed ? `?claimed=${encodeURIComponent(claimed)}` : "";
      return ofAgent(finger ? `/v1/finger-checks${query}` : `/v1/checks${query}`, face);
    },
    first: async (about, proof) => ({ ...about, proof }),
    async second({ proof, ...about }, second) {
      const proofs = [proof, second];
      const keys = proofs.filter((each) => typeof each === "string");
      if (keys.length === 1) throw Object.assign(new Error(t("kiosk.officers.alike")), { anew: true });
      const proven = keys.length ? { keys } : { officers: await Promise.all(proofs.map(base64)) };
      const body = JSON.stringify({ ...about, ...proven });
      const answer = await ofAgent("/v1/manual-checks", body, { "Content-Type": "application/json" });
      const refused = keys.length ? "kiosk.officers.not_two_keys" : "kiosk.officers.not_two";
      if (answer.ground === "not_certain") throw Object.assign(new Error(t(refused)), { anew: true });
      return { ...answer, next: "none" };
    },
    follow(show) {
      const look = async () => {
        const state = await fetch("/v1/state").then((answer) => answer.json(), () => null);
        show({ state: state?.locked ? "locked" : (state?.link ?? "cut"), waiting: state?.waiting ?? 0 });
      };
      look();
      setInterval(look, LOOK_MS);
    },
  };
}

/** Face, then finger, then two officers, as a checkpoint has it. */
function ofService(answer, images) {
  const settled = answer.passage === "pass" || (answer.passage === "stop" && CONFIRMED.has(answer.ground));
  const again = answer.passage === "recapture" && images.length === 1;
  const tried = images.some((each) => each.modality === "fingerprint");
  return {
    ...answer,
    next: settled ? "none" : again ? "again" : tried ? "manual" : "finger",
    advice: answer.samples.filter((each) => each.failure).map((each) => t(`instruction.${each.failure.defect}`)),
    picture: answer.explanation?.[0]?.picture ?? null,
  };
}

async function ofAgent(path, body, headers = {}) {
  const answer = await told(path, { method: "POST", body, headers });
  if (answer.event === "fault") throw Object.assign(new Error(answer.message), { action: answer.action });
  return answer;
}

/** A manual check, asked for by an officer's own key: the session of this screen proves nobody. */
function said(path, key, body) {
  const headers = { Authorization: `Bearer ${key}`, "Accept-Language": language, "Content-Type": "application/json" };
  const options = { method: "POST", credentials: "omit", headers, body: JSON.stringify(body) };
  return told(`${OPERATIONS}/manual-checks${path}`, options, fetch);
}

async function told(path, options, ask = asked) {
  const answer = await ask(path, options).catch(() => null);
  if (answer === null) throw Object.assign(new Error(t("kiosk.unreached")), { action: "" });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.detail), { action: said.action });
  return said;
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (const each of bytes) text += String.fromCharCode(each);
  return btoa(text);
}
