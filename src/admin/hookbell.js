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
