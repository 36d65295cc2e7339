/** A table that is read page by page. */

import { byId } from "./dom.js";
import { Problem } from "./operations.js";
import { problemCard } from "./problem.js";

/** `read(from)` gives `{rows, next}`; `next` is null on the last page. `first()` says where the first page begins. */
export class Pages {
  constructor(read, first) {
    Object.assign(this, { read, first, following: null });
    byId("first").addEventListener("click", () => this.show(this.first()));
    byId("next").addEventListener("click", () => this.show(this.following));
  }

  async show(from) {
    byId("problem").replaceChildren();
    try {
      const { rows, next } = await this.read(from);
      byId("rows").replaceChildren(...rows);
      this.following = next;
      byId("next").disabled = next === null;
      byId("first").disabled = from === this.first();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      byId("problem").replaceChildren(problemCard(problem));
    }
  }
}
