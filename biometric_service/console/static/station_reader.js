/** What a page shows of the agent of this machine until one of its readers can be used. */

import { el } from "./dom.js";
import { StationProblem } from "./station_agent.js";
import { t } from "./strings.js";

/** Elements that say what is missing, or let the page be paired; null where there is a reader. `look` looks again. */
export function withoutReader(station, state, devices, look) {
  if (state === "absent") {
    return [el("p", {}, t("intake.reader.absent")), el("p", { class: "quiet" }, t("intake.reader.absent_action")), again(look)];
  }
  if (state === "unpaired") return [pairing(station, look)];
  return devices.length ? null : [el("p", {}, t("intake.reader.none")), again(look)];
}

export const again = (look) => el("button", { type: "button", onclick: look }, t("intake.reader.again"));

function pairing(station, look) {
  const code = el("input", { id: "code", autocomplete: "off", maxlength: 9, spellcheck: "false", required: true });
  const told = el("p", { class: "quiet", role: "alert" });
  const onsubmit = async (event) => {
    event.preventDefault();
    try {
      await station.pair(code.value);
      await look();
    } catch (problem) {
      told.textContent = problem instanceof StationProblem ? t("intake.reader.refused") : t("intake.reader.absent");
    }
  };
  const label = el("label", { for: "code" }, t("intake.reader.code"));
  return el("form", { class: "field", onsubmit }, el("p", {}, t("intake.reader.unpaired")), label, code, told, el("button", { class: "primary" }, t("intake.reader.pair")));
}
