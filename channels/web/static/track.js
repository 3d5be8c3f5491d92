// A ticket's card links here with number and code behind the `#`, which never leaves the browser: no server logs it.
const lookup = document.querySelector("#lookup");
const [number, code] = location.hash.slice(1).split(".").map(decodeURIComponent);
if (lookup && number && code) {
  history.replaceState(null, "", location.pathname + location.search);
  lookup.elements.number.value = number;
  lookup.elements.code.value = code;
  lookup.requestSubmit();
}

// What a screen reader and the keyboard stand on moves with the answer.
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "ticket") return;
  const heading = document.querySelector("#ticket .alert") ?? document.querySelector("#ticket h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus();
  window.scrollTo({ top: 0 });
});
