// What the pages do besides: they are whole without it.
"use strict";

// Chats open at their end.
const chat = document.querySelector("[data-end]");
if (chat && !location.hash) chat.lastElementChild?.scrollIntoView({ block: "end" });

// Parts marked with data-fresh are read anew while somebody looks and does nothing in them.
const FRESH_EVERY = 10_000;
const isBusy = (part) => part.contains(document.activeElement) && document.activeElement !== document.body;

const refresh = async () => {
  if (document.hidden) return;
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const newer = page.getElementById(part.id);
    if (newer && !isBusy(part)) part.replaceWith(newer);
  }
};

if (document.querySelector("[data-fresh]")) {
  setInterval(() => refresh().catch(() => {}), FRESH_EVERY);
}

// A choice that leads elsewhere goes there at once; without script its button does.
for (const choice of document.querySelectorAll("select[data-go]")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
}

// The newest deliveries join at the top while somebody looks at it; whoever reads further down is told that there are some.
const LIVE_EVERY = 3_000;
const AT_TOP = 200;
const list = document.querySelector("[data-list]");
const live = document.querySelector("[data-live]");
const ids = (part) => new Set([...part.querySelectorAll("[data-id]")].map((row) => row.dataset.id));

const follow = async () => {
  if (document.hidden) return;
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error("no list");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const here = document.getElementById("list");
  const newer = page.getElementById("list");
  const known = ids(here);
  const fresh = [...newer.querySelectorAll("[data-id]")].filter((row) => !known.has(row.dataset.id));
  if (isBusy(here) || window.scrollY > AT_TOP) {
    document.querySelector("[data-newer]").hidden = fresh.length === 0;
    return;
  }
  if (known.size > 0) for (const row of fresh) row.classList.add("new");
  here.replaceWith(newer);
  document.getElementById("onward").replaceWith(page.getElementById("onward"));
};

if (list && live) {
  const word = live.querySelector("span");
  const well = word.textContent;
  live.hidden = false;
  setInterval(() => follow().then(() => { word.textContent = well; }, () => { word.textContent = live.dataset.lost; }), LIVE_EVERY);
}

// A search that takes long goes on by itself for a while, and shows what it has.
const STEPS = 60;
const goOn = async () => {
  for (let step = 0; step < STEPS; step += 1) {
    const link = document.querySelector("#onward a[data-on]");
    if (!link || document.hidden) return;
    const answer = await fetch(link.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const rows = page.querySelectorAll("#list tbody tr");
    const body = document.querySelector("#list tbody");
    if (body) body.append(...rows);
    else if (rows.length > 0) document.getElementById("list").replaceWith(page.getElementById("list"));
    document.getElementById("onward").replaceWith(page.getElementById("onward"));
    if (document.querySelectorAll("#list tbody tr").length >= 50) return;
  }
};
if (document.querySelector("#onward a[data-on]")) goOn().catch(() => {});

// The playground draws after a pause in typing; without script its button does. While a template is wrong, the last drawing
// stays.
const bench = document.querySelector("form[data-bench]");

const redraw = async () => {
  const body = new URLSearchParams(new FormData(bench));
  const answer = await fetch(bench.action, { method: "POST", body, credentials: "same-origin" });
  if (answer.redirected || body.get("text") !== bench.elements.text.value) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const drawn = document.getElementById("drawn");
  const newer = page.getElementById("drawn");
  if (!newer) return;
  const failed = "failed" in newer.dataset;
  for (const id of failed ? ["mistakes", "lines"] : ["mistakes", "lines", "remarks", "drawn"]) {
    const part = page.getElementById(id);
    if (part) document.getElementById(id).replaceWith(part);
  }
  if (failed) drawn.classList.add("stale");
};

if (bench) {
  let pause;
  bench.elements.text.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => redraw().catch(() => {}), 400);
  });
  bench.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey) bench.requestSubmit();
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", () => navigator.clipboard.writeText(button.form.elements[button.dataset.copy].value));
}
