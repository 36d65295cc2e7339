/** Three poses of the face by the camera of this page: the service judges each picture, and the right one is kept by itself. */

import { byId } from "./dom.js";
import { said, tone } from "./intake_words.js";
import { t } from "./strings.js";

const POSES = ["face_frontal", "face_left", "face_right"];
const PAUSE_MS = 250;
const QUALITY = 0.92;
const WIDEST = 1280;
const ARROWS = { turn_left: "left", turned_right: "left", turn_right: "right", turned_left: "right", looking_up: "down", looking_down: "up", face_too_small: "near" };

export class Face {
  constructor(desk) {
    this.desk = desk;
    this.stream = null;
    this.chosen = POSES.find((each) => !desk.intake.captures.some((capture) => capture.place === each)) ?? POSES[0];
    for (const each of document.querySelectorAll(".pose")) each.addEventListener("click", () => this.choose(each.dataset.place));
    byId("camera").addEventListener("click", () => (this.stream ? this.stop() : this.#start()));
    byId("shot").addEventListener("click", () => this.#shot());
    byId("face-file").addEventListener("change", (event) => this.#file(event.target));
    byId("face-discard").addEventListener("click", () => this.#discard());
    byId("panel-face").addEventListener("dragover", (event) => event.preventDefault());
    byId("panel-face").addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files[0]) this.#keep(event.dataTransfer.files[0], { device: "file" });
    });
  }

  choose(place) {
    this.chosen = place;
    this.show();
  }

  show() {
    const { intake } = this.desk;
    for (const place of POSES) this.#showPose(place, intake.captures.find((each) => each.place === place));
    const open = intake.state === "open";
    byId("camera").textContent = t(this.stream ? "intake.camera.stop" : "intake.camera.start");
    byId("camera").disabled = !open;
    byId("shot").disabled = !this.stream || !open;
    byId("camera-off").hidden = Boolean(this.stream);
    byId("face-discard").hidden = !open || !intake.captures.some((each) => each.place === this.chosen);
    const done = intake.captures.find((each) => each.place === this.chosen);
    if (!this.stream) this.#hint(done ? t("intake.hint.kept", { quality: Math.round(done.quality) }) : t(`intake.pose_lead.${this.chosen}`), done ? "good" : "");
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    byId("video").srcObject = null;
    byId("viewfinder").classList.remove("live");
    this.#point("");
    this.show();
  }

  async #start() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: WIDEST }, facingMode: "user" }, audio: false });
    } catch {
      this.#hint(t("intake.camera.denied"), "bad");
      return;
    }
    this.stream.getVideoTracks()[0].addEventListener("ended", () => this.#lost());
    byId("video").srcObject = this.stream;
    await byId("video").play();
    byId("viewfinder").classList.add("live");
    this.show();
    this.#watch();
  }

  #lost() {
    this.stop();
    this.#hint(t("intake.camera.lost"), "bad");
  }

  /** Have one picture after the other judged until every pose is kept, or the camera is stopped. */
  async #watch() {
    while (this.stream && this.desk.intake.state === "open") {
      const place = this.chosen;
      const done = this.desk.intake.captures.find((each) => each.place === place);
      if (!done || tone(done) !== "good") {
        const taking = await this.#sent({ only_good: true });
        if (!taking) return this.stop(); // and not as if somebody still looked
        this.#judged(place, taking.judged[0]);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  #judged(place, judged) {
    if (judged.fate === "kept") {
      byId("viewfinder").classList.add("kept");
      setTimeout(() => byId("viewfinder").classList.remove("kept"), 600);
      this.#point("");
      this.#hint(t("intake.hint.kept", { quality: Math.round(judged.quality) }), "good");
      const next = POSES.find((each) => !this.desk.intake.captures.some((capture) => capture.place === each));
      if (next && place === this.chosen) this.chosen = next;
      this.show();
      if (!next) this.stop();
      return;
    }
    if (place !== this.chosen) return;
    const reason = judged.advice[0];
    this.#point(ARROWS[reason?.reason] ?? "");
    this.#hint(`${t(`intake.pose.${place}`)}: ${reason ? said(reason) : t("intake.hint.still")}`, "doubt");
  }

  async #shot() {
    const taking = await this.#sent({});
    if (taking) this.#judged(this.chosen, taking.judged[0]);
  }

  async #sent(more) {
    const picture = await this.#picture();
    return picture && this.desk.capture(this.chosen, picture, { device: "camera", ...more });
  }

  #picture() {
    const video = byId("video");
    const scale = Math.min(1, WIDEST / video.videoWidth);
    const canvas = new OffscreenCanvas(Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale));
    if (!canvas.width) return null;
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  }

  async #file(input) {
    const [file] = input.files;
    input.value = "";
    if (file) await this.#keep(file, { device: "file" });
  }

  async #keep(file, about) {
    const place = this.chosen;
    const taking = await this.desk.capture(place, file, about);
    if (taking) this.#judged(place, taking.judged[0]);
  }

  async #discard() {
    await this.desk.changed(() => this.desk.calls.discard(this.chosen));
    this.show();
  }

  async #showPose(place, capture) {
    const button = byId(`at-${place}`);
    button.className = `pose ${capture ? tone(capture) : "open"}`;
    button.setAttribute("aria-pressed", String(place === this.chosen));
    button.querySelector(".told").textContent = capture ? t("intake.quality", { n: Math.round(capture.quality) }) : t("intake.not_yet");
    const image = button.querySelector("img");
    image.hidden = !capture;
    button.querySelector(".figure").hidden = Boolean(capture);
    if (capture) image.src = await this.desk.picture(capture);
  }

  #point(where) {
    byId("arrow").className = `arrow ${where}`;
  }

  #hint(text, kind = "") {
    byId("face-hint").textContent = text;
    byId("face-hint").className = `hint ${kind}`;
  }
}
