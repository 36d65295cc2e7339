/** The session's token, which goes with everything that changes something. */

export const token = () => document.querySelector("meta[name=token]").content;

/** Send something to the service; a session that is over leads to where one signs in. */
export async function post(path, options = {}) {
  return asked(path, { method: "POST", ...options });
}

export async function asked(path, options = {}) {
  const headers = { "X-Console-Token": token(), ...options.headers };
  const answer = await fetch(path, { ...options, headers });
  if (answer.redirected && new URL(answer.url).pathname === "/sign-in") location.assign(answer.url);
  return answer;
}
