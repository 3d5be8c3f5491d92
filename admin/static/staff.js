// What pages do that htmx does not: clocks that count, Enter that sends, lists that wait while somebody writes in them.
"use strict";

const words = document.body.dataset;
const MINUTE = 60000;

function span(milliseconds) {
  const all = Math.floor(Math.abs(milliseconds) / MINUTE);
  const [days, hours, minutes] = [Math.floor(all / 1440), Math.floor(all / 60) % 24, all % 60];
  const form = days ? words.days : hours ? words.hours : minutes ? words.minutes : words.moment;
  return form.replace("{d}", days).replace("{h}", hours).replace("{m}", minutes);
}

function count(root) {
  const now = Date.now();
  for (const badge of root.querySelectorAll("[data-due]")) {
    const due = Date.parse(badge.dataset.due);
    const start = Date.parse(badge.dataset.start);
    badge.lastElementChild.textContent = (due <= now ? words.over : words.left).replace("{}", span(due - now));
    badge.dataset.state = due <= now ? "overdue" : (due - now) * 4 < due - start ? "due-soon" : "running";
  }
  for (const since of root.querySelectorAll("[data-since]")) {
    since.textContent = span(Math.max(now - Date.parse(since.dataset.since), 0));
  }
  const queue = document.getElementById("queue");
  if (queue) {
    const title = document.title.replace(/^\(\d+\) /, "");
    const waiting = Number(queue.dataset.waiting);
    document.title = waiting ? `(${waiting}) ${title}` : title;
  }
}

function toEnd() {
  const log = document.querySelector("[data-scroll]");
  if (log) log.scrollTop = log.scrollHeight;
}

function inUse(part) {
  return [...part.querySelectorAll("input, textarea, select")].some((each) => {
    if (each.type === "radio" || each.type === "checkbox") return each.checked !== each.defaultChecked;
    if (each.tagName === "SELECT") return [...each.options].some((option) => option.selected !== option.defaultSelected) && each.value !== "";
    return each.type !== "hidden" && each.value !== each.defaultValue;
  });
}

function notice(text) {
  const paragraph = document.createElement("p");
  paragraph.className = "alert refusal";
  paragraph.textContent = text;
  document.getElementById("notice").replaceChildren(paragraph);
}

count(document);
toEnd();
setInterval(() => count(document), MINUTE / 2);

// A list or a ticket is not replaced under the hands of somebody who writes in it: it says that it has changed. What a
// command answered stays readable for a moment before news arrive; news of another ticket are none for this one.
const READABLE = 4000;
const OVERTAKEN = [403, 409]; // no longer this department's, or no longer possible
const sending = new Set();
const held = new Set();
let settledAt = 0;

function release() {
  if (sending.size || Date.now() < settledAt) return;
  for (const id of held) if (document.getElementById(id)) htmx.trigger(`#${id}`, "settled");
  held.clear();
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const part = event.detail.elt;
  const asked = event.detail.requestConfig.triggeringEvent;
  if (part.matches("form, button") && event.detail.requestConfig.verb === "post" && part.closest("[data-live]")) sending.add(event.detail.requestConfig);
  if (!part.hasAttribute("data-live") || !asked || asked.type === "refresh") return;
  const news = asked.detail && typeof asked.detail.data === "string" ? JSON.parse(asked.detail.data) : {};
  if (part.dataset.number && news.number && news.number !== part.dataset.number) {
    event.preventDefault();
  } else if (sending.size || Date.now() < settledAt) {
    held.add(part.id);
    event.preventDefault();
  } else if (inUse(part)) {
    part.querySelector(".stale").hidden = false;
    event.preventDefault();
  }
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!sending.delete(event.detail.requestConfig)) return;
  const ticket = event.detail.requestConfig.elt.closest("[data-live][data-number]");
  // A colleague was faster: the ticket is shown as it is now, with what was typed kept beside it.
  if (OVERTAKEN.includes(event.detail.xhr.status) && ticket) {
    held.delete(ticket.id);
    htmx.trigger(ticket, "refresh");
  }
  settledAt = Date.now() + (event.detail.successful ? READABLE : 0);
  setTimeout(release, settledAt - Date.now() + 50);
});

// News that were throttled away, or came while a part was drawn anew (what htmx queues goes with the old one), are fetched
// after a moment: nobody misses the last word.
const CATCH_UP = 2000;
const sent = new Map();

document.addEventListener("htmx:beforeSend", (event) => sent.set(event.detail.elt.id, performance.now()));
for (const topic of ["desk", "department", "conversation", "knowledge"]) {
  document.addEventListener(`sse:${topic}`, ({ target, detail }) => {
    const heard = performance.now();
    if (target.id) setTimeout(() => {
      if (!(sent.get(target.id) >= heard) && document.getElementById(target.id)) htmx.trigger(`#${target.id}`, "missed", detail);
    }, CATCH_UP);
  });
}

// A part that is drawn anew keeps the forms that somebody has written in, and what was refused, as they stand: in place of
// the new form or, where there is none any more, in the part's box for what was not submitted.
let kept = [];
let focused = null;

function setAside(part, sent) {
  focused = part.contains(document.activeElement) ? document.activeElement : null;
  kept = [...part.querySelectorAll("form")].filter((form) => form !== sent).map((form) => ({
    form,
    written: inUse(form),
    refusal: form.querySelector(".refusal-slot:not(:empty)"),
    block: form.closest(".workrow") || form.closest("details, .action-block") || form,
  })).filter((each) => each.written || each.refusal);
  if (!sent) kept.push(...[...part.querySelectorAll(".kept > .refusal-slot")].map((refusal) => ({ refusal, block: refusal })));
  for (const each of kept) each.block.remove();
}

function bringBack(part) {
  const box = part.querySelector(".kept");
  for (const { form, written, refusal, block } of kept) {
    const drawn = form && document.getElementById(form.id);
    if (drawn) {
      drawn.replaceWith(form);
      for (let each = form.closest("details"); each; each = each.parentElement.closest("details")) each.open = true;
    } else if (box) {
      box.append(written ? block : refusal);
      box.hidden = false;
    }
  }
  kept = [];
  if (focused && document.contains(focused)) focused.focus();
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig, shouldSwap } = event.detail;
  if (shouldSwap && target.hasAttribute("data-live")) setAside(target, requestConfig.verb === "post" ? requestConfig.elt : null);
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (kept.length && event.target.matches && event.target.matches("[data-live]")) bringBack(event.target);
});

// The conversation stays where it was read: at its end, or with the same reasons open.
let atEnd = true;
let opened = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  const log = event.detail.target;
  if (!log || !log.matches || !log.matches("[data-scroll]")) return;
  atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  opened = [...log.querySelectorAll("[data-said]:has(details[open])")].map((said) => said.dataset.said);
});
document.addEventListener("htmx:afterSwap", (event) => {
  count(document);
  if (!event.target.matches || !event.target.matches("[data-scroll]")) return;
  for (const said of opened) {
    const why = event.target.querySelector(`[data-said="${said}"] details`);
    if (why) why.open = true;
  }
  if (atEnd) toEnd();
});

// What is suggested does not change under the pointer or the keyboard: it waits until both have left, or a sentence was
// sent, after which nobody aims at what was suggested before it.
let aims = true;
const inHand = (part) => aims && part.matches(":hover, :focus-within");

document.addEventListener("pointermove", () => { aims = true; });

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  if (!target.hasAttribute("data-steady") || requestConfig.verb !== "get" || !inHand(target)) return;
  event.detail.shouldSwap = false;
  target.dataset.waiting = "true";
});
for (const left of ["mouseout", "focusout"]) {
  document.addEventListener(left, () => setTimeout(() => {
    for (const part of document.querySelectorAll("[data-steady][data-waiting]")) {
      if (inHand(part)) continue;
      delete part.dataset.waiting;
      htmx.trigger(part, "missed");
    }
  }));
}

// The ticket's form follows the conversation: what the citizen tells stands in it, except where the agent has written.
const written = new Set();

document.addEventListener("input", (event) => {
  if (event.target.closest("#intake") && event.target.id) written.add(event.target.id);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, verb } = event.detail.requestConfig;
  if (verb !== "get" || !elt.matches("[data-follows]") || event.detail.xhr.status !== 200) return;
  const drawn = new DOMParser().parseFromString(event.detail.xhr.response, "text/html");
  for (const told of drawn.querySelectorAll("[name][id]")) {
    const field = document.getElementById(told.id);
    if (field && told.value && !written.has(told.id) && field !== document.activeElement) field.value = told.value;
  }
});

// While a command is on its way its button stays: a refusal has to find the page that it belongs to.
const pressed = new Set();

document.addEventListener("htmx:beforeSend", (event) => {
  if (event.detail.requestConfig.verb !== "get") pressed.add(event.detail.requestConfig.elt);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  if (requestConfig.verb !== "get" || ![...pressed].some((each) => target.contains(each))) return;
  event.detail.shouldSwap = false;
  target.dataset.late = "true";
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!pressed.delete(event.detail.requestConfig.elt)) return;
  for (const part of document.querySelectorAll("[data-late]")) {
    delete part.dataset.late;
    htmx.trigger(part, "missed");
  }
});

// A command that replaced what had the focus leaves it on what came of it, so that the keyboard goes on from there.
document.addEventListener("htmx:afterSettle", (event) => {
  const drawn = event.detail.elt;
  const said = drawn.matches(".done") ? drawn : drawn.querySelector(".alert.good, .done");
  if (!said || document.activeElement !== document.body) return;
  said.tabIndex = -1;
  said.focus();
});

// What was sent may go from the box; what was refused, and what was typed since, stays in it.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.requestConfig.elt;
  if (!event.detail.successful || !form.matches("form")) return;
  const slot = document.getElementById(`${form.id}-refusal`);
  if (slot) slot.replaceChildren();
  if (form.hasAttribute("data-reset")) {
    const box = form.querySelector("textarea");
    const said = event.detail.requestConfig.formData.get(box.name);
    if (box.value.startsWith(said)) box.value = box.value.slice(said.length).trimStart();
    keepDraft(box);
    aims = false;
    box.focus();
    toEnd();
  }
});
// A sentence that was begun outlives the page: it may be taken away while somebody looks a thing up, or closed by mistake.
function keepDraft(box) {
  const { draft } = box.form.dataset;
  if (draft) sessionStorage.setItem(`draft:${draft}`, box.value);
}

for (const box of document.querySelectorAll("[data-draft] textarea")) {
  box.value = sessionStorage.getItem(`draft:${box.form.dataset.draft}`) ?? "";
  box.addEventListener("input", () => keepDraft(box));
}
if (!document.getElementById("live")) { // nobody is signed in here any more
  for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft:")) sessionStorage.removeItem(key);
}

document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.requestConfig.verb !== "get") notice(words.failed);
});
document.addEventListener("htmx:sseOpen", () => light(true));
document.addEventListener("htmx:sseError", () => light(false));

function light(on) {
  const lamp = document.getElementById("live");
  if (!lamp) return;
  lamp.dataset.state = on ? "on" : "off";
  lamp.title = lamp.querySelector(".unseen").textContent = on ? lamp.dataset.on : words.offline;
}

document.addEventListener("click", (event) => {
  const insert = event.target.closest("[data-insert]");
  if (insert) {
    const box = document.getElementById("sentence");
    const said = insert.closest(".hit").querySelector("[data-passage]");
    const passage = said.textContent + (said.dataset.source ?? "");
    box.value = box.value ? `${box.value}\n${passage}` : passage;
    keepDraft(box);
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  }
  const discard = event.target.closest("[data-discard]");
  if (discard) {
    const part = discard.closest("[data-live]");
    discard.closest(".kept").remove();
    htmx.trigger(part, "refresh");
  }
  const refresh = event.target.closest("[data-refresh]");
  if (refresh) htmx.trigger(refresh.closest("[data-live]"), "refresh");
});

// A list to search in begins with what is chosen; typing replaces it.
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-choose]")) event.target.select();
});

document.addEventListener("keydown", (event) => {
  const box = event.target;
  // While an input method composes, Enter chooses a word.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && box.matches("[data-enter]")) {
    event.preventDefault();
    if (box.value.trim()) box.form.requestSubmit();
  }
  if (event.altKey && event.code === "Digit1") {
    const take = document.querySelector(".composer [data-take]") || document.querySelector("[data-take]"); // who is looked at, else who is first
    if (take) { event.preventDefault(); take.click(); }
  }
  if (event.altKey && /^Digit[789]$/.test(event.code)) {
    const insert = document.getElementById(`insert-${event.code.slice(-1) - 6}`);
    if (insert) { event.preventDefault(); insert.click(); }
  }
  if (event.altKey && event.code === "KeyN" && document.getElementById("queue")) {
    event.preventDefault();
    location.href = "/desk/new";
  }
  if (event.key === "/" && !box.matches("input, textarea, select")) {
    const search = document.querySelector("[data-slash]");
    if (search) { event.preventDefault(); search.focus(); }
  }
});
