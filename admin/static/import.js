// Files on their way into the knowledge base: which are chosen, which are too large, how much has been sent.
"use strict";

const form = document.getElementById("import");
const [files, chosen, progress] = ["i-files", "i-chosen", "i-progress"].map((id) => document.getElementById(id));
const MEGABYTE = 1e6;

function show() {
  chosen.replaceChildren(...[...files.files].map(({ name, size }) => {
    const most = name.toLowerCase().endsWith(".zip") ? form.dataset.zip : form.dataset.file;
    const line = document.createElement("li");
    line.textContent = `${name} `;
    const note = document.createElement("span");
    note.className = size > most * MEGABYTE ? "wrong" : "muted";
    note.textContent = (size > most * MEGABYTE ? form.dataset.large : form.dataset.unit)
      .replace("{size}", Math.max(size / MEGABYTE, 0.1).toFixed(1)).replace("{most}", most);
    line.append(note);
    return line;
  }));
}
files.addEventListener("change", show);
show();  // whoever is quick has chosen before this script was here
// The whole page is where files may be dropped by mistake: they must never replace it.
for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => { if (event.target !== files) event.preventDefault(); });
for (const [name, over] of [["dragenter", true], ["dragleave", false], ["drop", false]]) files.addEventListener(name, () => files.parentElement.classList.toggle("over", over));

form.addEventListener("htmx:xhr:loadstart", () => { progress.hidden = false; });
form.addEventListener("htmx:xhr:progress", ({ detail }) => { if (detail.lengthComputable) progress.value = detail.loaded / detail.total; });
form.addEventListener("htmx:afterRequest", ({ detail }) => { if (!detail.successful) progress.hidden = true; });
