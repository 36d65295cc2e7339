/** Calls of the service's HTTP operations; a fault is always a Problem. */

import { purpose } from "./session.js";
import { t } from "./strings.js";
import { asked } from "./token.js";

const BASE = "/v1/operations";
const UNAUTHENTICATED = 401;

/** What went wrong, as the service put it. */
export class Problem extends Error {
  constructor({ detail, action, code, request_id: request }) {
    super(detail);
    Object.assign(this, { action, code, request });
  }
}

/** Read something. */
export async function get(path, query = {}) {
  return (await read(path, query)).json();
}

/** Read something that is a file. */
export async function getFile(path) {
  return (await read(path, {})).blob();
}

/** Send images as multipart/form-data, with the rest of the request beside them. */
export async function send(path, request, images) {
  const form = new FormData();
  const described = images.map((image, index) => ({ ...image.described(), file: `image-${index}` }));
  const text = JSON.stringify({ purpose: purpose(), device: "console", images: described, ...request });
  form.append("request", text);
  images.forEach((image, index) => form.append(`image-${index}`, image.file, `image-${index}`));
  return (await call(path, { method: "POST", body: form })).json();
}

function read(path, query) {
  const parameters = Object.entries({ purpose: purpose(), device: "console", ...query });
  const given = parameters.filter(([, value]) => value !== null && value !== undefined);
  return call(`${path}?${new URLSearchParams(given)}`, {});
}

/** Ask an operation for something; `options` as those of fetch. */
export async function call(path, options) {
  const answer = await reach(path, options);
  if (answer.ok) return answer;
  const problem = new Problem(await answer.json().catch(unanswered)); // a proxy before the service speaks otherwise
  if (answer.status === UNAUTHENTICATED) location.assign("/sign-in");
  throw problem;
}

async function reach(path, options) {
  try {
    return await asked(BASE + path, options);
  } catch {
    throw new Problem(unanswered());
  }
}

const unanswered = () => ({ detail: t("problem.network"), action: t("problem.network_action") });
