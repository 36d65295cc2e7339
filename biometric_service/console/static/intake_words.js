/** What is said of captures, in the language of the page. */

import { t } from "./strings.js";

const UNHARMFUL = ["busy_background", "compressed"];

/** What to do better: by the name of the reason, else as the service put it. */
export function said({ reason, instruction }) {
  const name = `intake.advice.${reason}`;
  const text = t(name);
  return text === name ? instruction : text;
}

/** How a capture is shown: "good", or "usable" where something could be better. */
export const tone = ({ advice }) => (advice.every((each) => UNHARMFUL.includes(each.reason)) ? "good" : "usable");
