// Live numbers, and the page anew when the host has changed. Without this script everything is there, and stands still.
"use strict";

const INTERVAL_UNITS = ["B/s", "kB/s", "MB/s", "GB/s"];
const RECONNECT_MS = 2000;

const rateText = (bytesPerSecond) => {
  let amount = bytesPerSecond;
  let unit = 0;
  while (amount >= 1000 && unit < INTERVAL_UNITS.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${amount.toFixed(unit ? 1 : 0)} ${INTERVAL_UNITS[unit]}`;
};

const say = (words) => {
  const status = document.getElementById("live");
  if (status.textContent !== words) status.textContent = words;
};

let before = null;

// Bytes by endpoint as [received, sent]; rates come from two of them.
const showCounters = (counters, at) => {
  const seconds = before ? (at - before.at) / 1000 : 0;
  const rates = {};
  for (const [key, [received, sent]] of Object.entries(counters)) {
    const known = before && before.counters[key];
    if (!known || received === null || seconds <= 0) continue;
    rates[key] = [Math.max(0, received - known[0]) / seconds, Math.max(0, sent - known[1]) / seconds];
  }
  before = { counters, at };
  for (const node of document.querySelectorAll("[data-rate]")) {
    const rate = rates[node.dataset.rate];
    node.textContent = rate && rate[0] + rate[1] >= 1 ? `↓ ${rateText(rate[0])}  ↑ ${rateText(rate[1])}` : "";
  }
  for (const node of document.querySelectorAll("path[data-endpoint]")) {
    const rate = rates[node.dataset.endpoint];
    node.classList.toggle("busy", Boolean(rate) && rate[0] + rate[1] >= 1);
  }
  for (const [attribute, place] of [["received", 0], ["sent", 1]]) {
    for (const node of document.querySelectorAll(`[data-${attribute}]`)) {
      const rate = rates[node.dataset[attribute]];
      if (rate) node.title = rateText(rate[place]);
    }
  }
};

const applyFilter = () => {
  const words = document.getElementById("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of document.querySelectorAll("[data-words]")) {
    row.hidden = !words.every((word) => row.dataset.words.includes(word));
  }
  const shown = new Set();
  for (const row of document.querySelectorAll("tr[data-words]:not([hidden]) a")) shown.add(row.textContent);
  for (const box of document.querySelectorAll("a.box.container, a.box.network")) {
    const title = box.dataset.key.slice(box.dataset.key.indexOf("/") + 1);
    box.classList.toggle("faint", words.length > 0 && !shown.has(title));
  }
};

// Take the same page anew; what has the focus keeps it.
const swap = async () => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement && document.activeElement.dataset && document.activeElement.dataset.key;
  const open = document.querySelector("main details[open]") !== null;
  document.querySelector("main").replaceWith(fresh.querySelector("main"));
  document.title = fresh.title;
  if (open && document.querySelector("main details")) document.querySelector("main details").open = true;
  if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  applyFilter();
};

// One page for all: what is shown is in the address, so that it can be kept and sent.
const follow = async (address, { push = true, reveal = false } = {}) => {
  if (push) history.pushState(null, "", address);
  await swap();
  const panel = document.getElementById("details");
  if (reveal && panel) panel.focus();
};

document.addEventListener("click", (event) => {
  const anchor = event.target.closest("main a[href^='?']");
  if (!anchor || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  follow(anchor.getAttribute("href"), { reveal: true });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.getElementById("details")) follow("?", {});
  if (event.key === "/" && document.activeElement.tagName !== "INPUT") {
    event.preventDefault();
    document.getElementById("filter").focus();
  }
});
window.addEventListener("popstate", () => follow(location.href, { push: false }));
document.querySelector("form[role='search']").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("filter").addEventListener("input", applyFilter);

const connect = () => {
  const stream = new EventSource("/api/v1/live");
  let version = null;
  stream.addEventListener("look", (event) => {
    const look = JSON.parse(event.data);
    say("live");
    if (version !== null && look.version !== version) swap();
    version = look.version;
    showCounters(look.counters, look.at);
  });
  stream.onerror = () => {
    say("not live: the exporter does not answer");
    stream.close();
    setTimeout(connect, RECONNECT_MS);
  };
};
connect();
