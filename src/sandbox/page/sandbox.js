// Adds the messages that arrive while one looks. The page is whole without it: reload to see what is new.
"use strict";

const log = document.querySelector("[data-live]");
const status = document.querySelector(".live");
const newest = () => log.lastElementChild;
const atEnd = () => newest().getBoundingClientRect().top < window.innerHeight;
const showNewest = () => newest().scrollIntoView({ block: "end" });
const say = (text) => { status.hidden = false; status.textContent = text; };

if (!location.hash && log.querySelector(".say")) showNewest();

const events = new EventSource(log.dataset.live);
events.onopen = () => say(status.dataset.liveText);
events.onerror = () => say(status.dataset.lostText);
events.onmessage = (event) => {
  const follow = atEnd();
  const part = document.createElement("template");
  part.innerHTML = event.data;
  log.querySelector(".empty")?.remove();
  log.append(part.content);
  if (follow) showNewest();
};
