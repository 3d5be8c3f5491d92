// The editor of articles: Ctrl+S saves, and nobody leaves what they typed without being asked.
"use strict";

const edited = () => {
  const form = document.getElementById("editor");
  return form && [...form.querySelectorAll("input, textarea, select")].some((each) => {
    if (each.type === "checkbox") return each.checked !== each.defaultChecked;
    if (each.tagName === "SELECT") return [...each.options].some((option) => option.selected !== option.defaultSelected) && each.value !== "";
    return each.type === "file" ? each.files.length > 0 : each.type !== "hidden" && each.value !== each.defaultValue;
  });
};
let leaving = false;

document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) leaving = true;
});
// Saved, and the next page is on its way: what is pressed now would make a second article.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (leaving && event.detail.requestConfig.path === "/knowledge/save") event.preventDefault();
});
// While it is being saved nothing can be typed that would be lost with the page.
document.addEventListener("htmx:beforeSend", (event) => {
  if (event.detail.requestConfig.path === "/knowledge/save") event.detail.elt.inert = true;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig.path === "/knowledge/save" && !leaving) event.detail.elt.inert = false;
});
// What was refused is drawn anew with what was typed: the keyboard goes on where something is wrong.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig.path !== "/knowledge/save") return;
  const alert = document.querySelector("#editor .alert.refusal");
  const wrong = document.querySelector("#editor [aria-invalid]");
  if (alert) alert.scrollIntoView({ block: "center" });
  if (wrong) wrong.focus();
});
window.addEventListener("beforeunload", (event) => {
  if (!leaving && (edited() || document.querySelector("#editor .alert.refusal, #editor .kept"))) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
    event.preventDefault();
    const save = document.querySelector("#editor [name=then][value=save]");
    if (save) save.form.requestSubmit(save);
  }
});
