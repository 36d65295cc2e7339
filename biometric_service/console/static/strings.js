/** Every text of the console, from the file of the page's language. */

export const language = document.documentElement.lang;
const texts = await (await fetch(new URL(`strings.${language}.json`, import.meta.url))).json();

/** The text of a dotted name, undefined where there is none. */
export const known = (name) => name.split(".").reduce((branch, key) => branch?.[key], texts);

/** The text of a dotted name, with {placeholders} filled in. */
export function t(name, values = {}) {
  return String(known(name) ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const figures = new Intl.NumberFormat(language, { maximumSignificantDigits: 6 });
const counts = new Intl.NumberFormat(language);
const moments = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

export const score = (value) => numbers.format(value);
export const percent = (fraction) => `${figures.format(fraction * 100)} %`;
export const count = (value) => counts.format(value);
export const moment = (iso) => moments.format(new Date(iso));
