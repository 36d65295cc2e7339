/** Why it was decided so, in the language of the page, with the figures as it writes them. */

import { count, percent, score, t } from "./strings.js";

const counted = (value, name) => t(`reason.counted.${name}.${value === 1 ? "one" : "many"}`, { n: count(value) });
const whole = (value) => count(Math.round(value));

const FORMS = { references: counted, comparisons: counted, subjects: counted, quality: whole, least: whole, rate: percent };

/** A sentence for each reason of a decision. */
export const reasons = ({ why }) => why.map(({ code, figures }) => t(`reason.${code}`, written(figures)));

/** A sentence for each reason why somebody may pass or not. */
export const rulings = ({ why }) => why.map(({ code, facts }) => t(`ruling.${code}`, { ...facts, status: t(`ruling.status.${facts.status}`) }));

function written(figures) {
  const named = Object.entries(figures).map(([name, value]) => [name, (FORMS[name] ?? score)(value, name)]);
  return Object.fromEntries(named);
}
