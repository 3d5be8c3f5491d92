// The citizens' chat. What is shown comes from the conversation as the server keeps it; only what is on its way is kept
// here, so a reload, a second window or a restarted server shows the same. The token is in a cookie no script can read.

const main = document.querySelector("#content");
const says = main.dataset;
const [log, quick, presence, composer, text, photo, photos] = ["log", "quick", "presence", "composer", "text", "photo", "photos"]
  .map((id) => document.getElementById(id));
const template = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

// --- what this browser remembers: which conversation, and what has not been sent
const memory = (name) => ({ // some browsers refuse it inside foreign pages; then a reload begins anew
  get: (key) => { try { return JSON.parse(window[name].getItem(key)); } catch { return null; } },
  set: (key, value) => { try { window[name].setItem(key, JSON.stringify(value)); } catch { /* refused, or full */ } },
});
const [lasting, passing] = [memory("localStorage"), memory("sessionStorage")];
let conversation = lasting.get("yitong.conversation");
let bearer = null; // the token, only where the browser keeps no cookie: for as long as the page is open
let last = 0; // id of the newest message shown
let choosing = null; // the options that still can be chosen
const outgoing = new Map(); // key → {text, media, node}

const key = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const keepOutgoing = () =>
  passing.set("yitong.outgoing", [...outgoing].map(([each, item]) => [each, { text: item.text, media: item.media.map(({ id }) => ({ id })) }]));

async function call(path, options = {}) {
  const answer = await fetch(`/api/v1/conversations${path}`, {
    signal: AbortSignal.timeout(60_000),
    ...options,
    headers: { "X-Requested-With": "yitong", ...(options.json && { "Content-Type": "application/json" }), ...(bearer && { Authorization: `Bearer ${bearer}` }), ...options.headers },
    body: options.json ? JSON.stringify(options.json) : options.body,
  });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(body.detail ?? says.failed), { status: answer.status, said: Boolean(body.detail) });
  return body;
}

let opening = null;
function opened() {
  if (conversation) return Promise.resolve(conversation);
  opening ??= call("", { method: "POST", json: { page: says.page, locale: says.locale } })
    .then(async ({ id, token }) => {
      await call(`/${(conversation = id)}/messages`).catch((error) => { if (error.status === 401) bearer = token; });
      if (!bearer) lasting.set("yitong.conversation", id);
      listen();
      return id;
    })
    .finally(() => { opening = null; });
  return opening;
}

// --- showing
const language = says.locale === "en" ? "en-GB" : "zh-CN";
const clock = (at, style) => new Intl.DateTimeFormat(language, { timeZone: says.zone, hour12: false, ...style }).format(new Date(at));
const day = (at) => clock(at, { year: "numeric", month: "numeric", day: "numeric" });
const minute = { hour: "2-digit", minute: "2-digit" };
const short = (at) => clock(at, day(at) === day(Date.now()) ? minute : { month: "numeric", day: "numeric", ...minute });
const year = (at) => clock(at, { year: "numeric" });
// As notices say it: 11月30日17:30, with the year where it is another one.
const full = (at) => {
  const date = { month: "long", day: "numeric", ...(year(at) === year(Date.now()) ? {} : { year: "numeric" }) };
  return says.locale === "en" ? `${clock(at, minute)} on ${clock(at, date)}` : clock(at, date) + clock(at, minute);
};

function bubble(sender, words, media = []) {
  const node = template("said");
  node.classList.add(sender);
  node.querySelector(".who").textContent = says[`from${sender[0].toUpperCase()}${sender.slice(1)}`];
  if (sender === "agent") Object.assign(node.querySelector(".label"), { hidden: false, textContent: says.fromAgent });
  const line = node.querySelector(".words");
  line.textContent = words;
  line.hidden = !words;
  for (const { id, preview } of media) {
    const picture = Object.assign(new Image(), { className: "picture", alt: says.photo });
    picture.src = preview ?? `/api/v1/conversations/${conversation}/attachments/${id}`;
    line.before(picture);
  }
  return node;
}

function options(choices) {
  const node = Object.assign(document.createElement("div"), { className: "options" });
  for (const { value, label } of choices) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "chip", textContent: label });
    button.addEventListener("click", () => say(String(value)));
    node.append(button);
  }
  choosing = node;
  return node;
}

// A text with its web addresses as links.
const linked = (words) => words.split(/(https:\/\/[^\s<>"'，。；、）》」】]+)/).map((part, place) => place % 2
  ? Object.assign(document.createElement("a"), { href: part, target: "_blank", rel: "noopener noreferrer", textContent: part })
  : part);

function source({ title, section, ...reply }) {
  const node = template("source");
  node.querySelector("cite").textContent = `《${title}》` + (section ? ` · ${section}` : "");
  for (const each of node.querySelectorAll("[data-field]")) {
    each.querySelector("dd").replaceChildren(...linked(reply[each.dataset.field] ?? ""));
    each.hidden = !reply[each.dataset.field];
  }
  return node;
}

// What an answer lists: steps are numbered, materials ticked off, fee, time and place stand as lines; links are https only.
function listed({ kind, items = [], links = [] }) {
  const made = [];
  if (items.length) {
    const list = document.createElement(kind === "steps" ? "ol" : "ul");
    list.className = `items of-${kind}`; // `steps` alone is a ticket's way through the offices
    list.append(...items.map((item) => Object.assign(document.createElement("li"), { textContent: item })));
    made.push(list);
  }
  for (const { label, url } of links.filter((link) => link.url.startsWith("https://"))) {
    made.push(Object.assign(document.createElement("a"), { className: "link", href: url, target: "_blank", rel: "noopener noreferrer", textContent: label }));
  }
  return made;
}

function ticket(reply) {
  const node = template("ticket");
  for (const each of node.querySelectorAll("[data-field]")) {
    const value = reply[each.dataset.field];
    each.textContent = each.dataset.field === "due_at" && value ? full(value) : value ?? "";
    each.parentElement.hidden = !value;
  }
  const secret = reply.code ? `.${encodeURIComponent(reply.code)}` : "";
  node.querySelector("a").href = `${says.track}#${encodeURIComponent(reply.number)}${secret}`;
  const copy = node.querySelector(".copy");
  copy.hidden = !reply.code;
  copy.addEventListener("click", async () => {
    if (await copied(`${reply.number} ${reply.code}`)) copy.textContent = says.copied;
  });
  return node;
}

async function copied(words) {
  try { await navigator.clipboard.writeText(words); return true; } catch { /* no clipboard on an insecure address */ }
  const field = Object.assign(document.createElement("textarea"), { value: words });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

function called(reply) {
  const digits = String(reply.number ?? "").replace(/[^\d+*#-]/g, "");
  if (!digits) return "";
  const node = template("emergency");
  node.querySelector("a").href = `tel:${digits}`;
  node.querySelector("strong").textContent = digits;
  return node;
}

function show(message) {
  if (message.id <= last) return;
  last = message.id;
  const node = bubble(message.sender, (message.items?.length ? message.lead : message.passage) ?? message.text, message.media);
  Object.assign(node.querySelector("time"), { dateTime: message.at, textContent: short(message.at) });
  const content = node.querySelector(".bubble");
  disarm();
  if (message.type === "answer") content.append(...listed(message), source(message));
  if (message.type === "emergency") { node.classList.add("emergency"); content.append(called(message)); }
  if (message.type === "ticket" || (message.type === "text" && message.number)) content.append(ticket(message));
  if (message.options?.length) content.append(options(message.options));
  quick.hidden = true;
  const sent = message.sender === "citizen" && [...outgoing].find(([, each]) => each.text.trim() === message.text.trim() && !each.settled);
  if (sent) { sent[1].settled = true; sent[1].node.replaceWith(node); }
  else (log.querySelector(".typing, .pending, .failed") ?? { before: (each) => log.append(each) }).before(node);
  return node;
}

function showAll(messages) {
  const shown = messages.map(show).filter(Boolean);
  const first = shown.find((node) => !node.classList.contains("citizen")) ?? shown[0];
  if (first) log.scrollTop = first.offsetTop - log.offsetTop - 96; // a long answer is read from its beginning
}

function disarm() {
  choosing?.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  choosing = null;
}

// Who answers now; of a citizen who waits for a person also the place, and a way out of the queue.
function present(state, place = null) {
  presence.dataset.state = state;
  presence.classList.remove("lost");
  const words = { agent: says.agent, waiting: place ? standing(place) : says.waiting }[state] ?? "";
  Object.assign(presence, { hidden: state === "bot", textContent: words });
  if (state !== "waiting") return;
  const leave = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: says.leave });
  leave.addEventListener("click", async () => {
    leave.disabled = true;
    try { await call(`/${conversation}/wait`, { method: "DELETE" }); await sync(); } catch { leave.disabled = false; }
  });
  presence.append(" ", leave);
}

function standing({ position, minutes, over }) {
  const time = !minutes ? "" : (over ? says.placeOver : says.placeAbout).replace("{minutes}", minutes);
  return says.place.replace("{position}", position).replace("{time}", time);
}

// --- sending
function say(words, media = []) {
  const item = { text: words, media };
  const id = key();
  outgoing.set(id, item);
  keepOutgoing();
  if (document.activeElement !== text) log.focus(); // the pressed button goes; no keyboard springs up on a phone
  disarm();
  pending(id, item);
  return send(id, item);
}

function pending(id, item) {
  item.node = bubble("citizen", item.text, item.media);
  item.node.querySelector(".retry").addEventListener("click", () => send(id, item));
  quick.hidden = true;
  log.append(item.node);
  log.scrollTop = log.scrollHeight;
}

async function send(id, item) {
  const failure = item.node.querySelector(".failure");
  item.node.classList.remove("failed");
  item.node.classList.add("pending");
  failure.hidden = true;
  const typing = presence.dataset.state === "agent" ? null : template("typing");
  if (typing) { log.querySelector(".typing")?.remove(); log.append(typing); log.scrollTop = log.scrollHeight; }
  try {
    const to = await opened();
    const json = { text: item.text, media: item.media.map((each) => each.id) };
    await call(`/${to}/messages`, { method: "POST", json, headers: { "Idempotency-Key": id } });
    await sync();
    outgoing.delete(id);
    if (!item.settled) item.node.remove();
  } catch (error) {
    if (error.status === 401 && !item.again) { item.again = true; forget(); return send(id, item); }
    item.node.classList.replace("pending", "failed");
    failure.querySelector(".failure-words").textContent = error.said ? error.message : says.failed;
    failure.hidden = false;
    log.scrollTop = log.scrollHeight;
  } finally {
    typing?.remove();
    keepOutgoing();
  }
}

async function sync() {
  const { messages, state, place } = await call(`/${conversation}/messages?after=${last}`);
  showAll(messages);
  present(state, place);
}

// --- hearing what is said without having been asked
let events = null;
let heard = []; // replies to one message come together, and are shown together
function hear(message) {
  if (!heard.length) setTimeout(() => { showAll(heard); heard = []; }, 50);
  heard.push(message);
}

function listen() {
  events?.close();
  if (bearer) return setTimeout(resume, 3000); // EventSource sends no header: ask instead of listening
  const source = (events = new EventSource(`/api/v1/conversations/${conversation}/events?after=${last}`));
  source.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("state", (event) => present(event.data));
  source.addEventListener("place", (event) => present("waiting", JSON.parse(event.data)));
  source.addEventListener("open", () => { if (presence.classList.contains("lost")) sync().catch(() => {}); });
  source.addEventListener("error", () => {
    if (events !== source) return;
    Object.assign(presence, { hidden: false, textContent: says.offline }).classList.add("lost");
    if (source.readyState === EventSource.CLOSED) setTimeout(resume, 3000); // an error page, not a lost connection
  });
}

async function resume() {
  if (!conversation) return;
  try { await sync(); listen(); } catch (error) {
    if (error.status === 401) forget();
    else setTimeout(resume, 3000);
  }
}

function forget() {
  events?.close();
  events = conversation = bearer = null;
  lasting.set("yitong.conversation", null);
  last = 0;
  presence.hidden = true;
}

// --- photos: made smaller here, so that they go through a slow network
const chosen = new Map();
photo.addEventListener("change", async () => {
  const [file] = photo.files;
  photo.value = "";
  if (!file) return;
  const preview = URL.createObjectURL(file);
  const figure = document.createElement("figure");
  const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×", ariaLabel: photos.dataset.remove });
  figure.className = "loading";
  figure.append(Object.assign(new Image(), { src: preview, alt: says.photo }), remove);
  remove.addEventListener("click", () => { chosen.delete(figure); figure.remove(); text.focus(); });
  photos.append(figure);
  const sending = smaller(file).then(async (content) => {
    const body = new FormData();
    body.append("file", content, "photo");
    return { id: (await call(`/${await opened()}/attachments`, { method: "POST", body })).id, preview };
  });
  chosen.set(figure, sending);
  try { await sending; figure.className = ""; } catch (error) {
    chosen.delete(figure);
    figure.replaceWith(Object.assign(document.createElement("p"), { className: "alert small", role: "alert", textContent: error.said ? error.message : says.photoFailed }));
  }
});

async function smaller(file, side = 2048) {
  if (file.size < 1_000_000) return file;
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, side / Math.max(image.width, image.height));
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width * scale, height: image.height * scale });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob((made) => done(made ?? file), "image/jpeg", 0.85));
  } catch { return file; }
}

// --- the composer
composer.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [words, figures, sending] = [text.value.trim(), [...chosen.keys()], [...chosen.values()]];
  if (!words && !sending.length) return text.focus();
  text.value = text.style.height = "";
  chosen.clear();
  photos.querySelector(".alert")?.remove();
  const media = (await Promise.allSettled(sending)).flatMap(({ value }) => value ?? []);
  figures.forEach((figure) => figure.remove());
  if (words || media.length) say(words, media);
});
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});
text.addEventListener("input", () => { text.style.height = "auto"; text.style.height = `${text.scrollHeight + 3}px`; });
quick.addEventListener("click", ({ target }) => { if (target.value) say(target.value); });
const sure = document.getElementById("sure");
document.getElementById("anew").addEventListener("click", () => sure.showModal());
sure.addEventListener("close", () => {
  if (sure.returnValue !== "anew") return;
  forget();
  outgoing.clear(); keepOutgoing();
  location.reload();
});

window.addEventListener("online", () => log.querySelectorAll(".failed .retry").forEach((button) => button.click()));

async function begin() {
  if (conversation) await resume();
  for (const [id, item] of passing.get("yitong.outgoing") ?? []) {
    outgoing.set(id, item);
    pending(id, item);
    send(id, item);
  }
}
begin();
