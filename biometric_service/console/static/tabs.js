/** Tabs by the keyboard as well as by the mouse (WAI-ARIA: arrow keys, Home, End). */

export function tabs(list, chosen) {
  const all = Array.from(list.querySelectorAll("[role=tab]"));
  const choose = (tab, focus) => {
    for (const each of all) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
    }
    if (focus) tab.focus();
    chosen(tab.dataset.task);
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab, false);
  });
  list.addEventListener("keydown", (event) => {
    const to = target(event.key, all.indexOf(event.target), all.length);
    if (to === null) return;
    event.preventDefault();
    choose(all[to], true);
  });
  return (task) => choose(all.find((tab) => tab.dataset.task === task), false);
}

function target(key, at, length) {
  if (key === "ArrowRight") return (at + 1) % length;
  if (key === "ArrowLeft") return (at - 1 + length) % length;
  if (key === "Home") return 0;
  if (key === "End") return length - 1;
  return null;
}
