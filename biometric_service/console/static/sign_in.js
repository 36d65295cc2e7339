/** The link that the service prints holds the key where browsers do not send it: taken out of the address, and sent. */

const given = new URLSearchParams(location.hash.slice(1)).get("key");
if (given) {
  history.replaceState(null, "", location.pathname + location.search);
  const form = document.getElementById("sign-in-form");
  form.elements.key.value = given;
  form.requestSubmit();
}
