/**
 * A form that was sent waits for its answer: pressed again at once, it sends nothing, so that nothing is made twice.
 *
 * What sends itself when a field changes (data-auto) is not pressed, and its newest word counts.
 */

const PATIENCE_MS = 10_000;

function pressed(event) {
  if (!event.submitter || event.target.getAttribute("aria-busy") !== "true") return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** What no script sends leads to another page; where none comes, the form can be pressed again. */
function sent({ target: form, defaultPrevented }) {
  if (defaultPrevented) return;
  form.setAttribute("aria-busy", "true");
  setTimeout(() => form.removeAttribute("aria-busy"), PATIENCE_MS);
}

export function begin() {
  document.addEventListener("submit", pressed, { capture: true });
  window.addEventListener("submit", sent);
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
  });
}
