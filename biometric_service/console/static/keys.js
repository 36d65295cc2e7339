/**
 * Shortcuts: ? for help, / to search, g and a letter to a page, and those of the page itself.
 *
 *   <a data-go="m">       g m leads there
 *   <button data-key="s"> s presses it
 *
 * They rest while somebody types, and can be turned off (WCAG 2.1.4).
 */

const PATIENCE_MS = 1500;
const TYPING = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]";
let going = 0;

const help = () => document.getElementById("help");

function openHelp() {
  if (!help().open) help().showModal();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
  const found = action(event.key);
  if (!found) return;
  event.preventDefault();
  found();
}

function action(key) {
  if (Date.now() - going < PATIENCE_MS) {
    going = 0;
    const [link] = labelled("data-go", key);
    if (link) return () => link.click();
  }
  if (key === "g") return () => (going = Date.now());
  if (key === "?") return openHelp;
  if (key === "/") return focusOf(document.querySelector("[data-search]"));
  const control = labelled("data-key", key).find((each) => each.checkVisibility()); // steps that are not shown have theirs too
  return control && !control.disabled ? () => control.click() : null;
}

const labelled = (name, key) => (/^\w$/.test(key) ? Array.from(document.querySelectorAll(`[${name}="${key.toLowerCase()}"]`)) : []);
const focusOf = (field) => (field ? () => field.focus() : null);

function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target)) {
      menu.open = false;
      if (event.type === "keydown") menu.querySelector("summary").focus();
    }
  }
}

export function begin() {
  document.getElementById("help-open").addEventListener("click", openHelp);
  document.addEventListener("keydown", closeMenus);
  document.addEventListener("pointerdown", closeMenus);
  if (document.documentElement.dataset.shortcuts === "on") document.addEventListener("keydown", pressed);
}
