/** What is said of captures, in the language of the page. */

import { known, t } from "./strings.js";

const UNHARMFUL = ["busy_background", "compressed"];

/** What to do better: by the name of the reason, else as the service put it. */
export function said({ reason, instruction }) {
  return known(`intake.advice.${reason}`) ?? instruction;
}

/** Why a session of the station ended before all was captured. */
export const ended = ({ ending, reason }) => known(`station.faults.${reason}.what`) ?? t(`station.ended.${ending}`);

/** How a capture is shown: "good", or "usable" where something could be better. */
export const tone = ({ advice }) => (advice.every((each) => UNHARMFUL.includes(each.reason)) ? "good" : "usable");
