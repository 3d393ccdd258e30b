// Live counters, and a new page when the host has changed. Without this script the page is complete but does not update.
"use strict";

const UNITS = ["B", "kB", "MB", "GB", "TB"];
const RECONNECT_MS = 2000;
const DETAILS_MS = 10_000; // open details have counts that a new version of the page does not announce

const bytesText = (count) => {
  let amount = count;
  let unit = 0;
  while (amount >= 1000 && unit < UNITS.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${amount.toFixed(unit ? 1 : 0)} ${UNITS[unit]}`;
};

const rateText = (bytesPerSecond) => `${bytesText(bytesPerSecond)}/s`;

const say = (words) => {
  const status = document.getElementById("live");
  if (status.textContent !== words) status.textContent = words;
};

let before = null;
let rates = {};

// Bytes by endpoint as [received, sent]; rates come from two of them.
const takeCounters = (counters, at) => {
  const seconds = before ? (at - before.at) / 1000 : 0;
  const known = before ? before.counters : {};
  if (before && seconds <= 0) return;
  rates = {};
  for (const [key, [received, sent]] of Object.entries(counters)) {
    if (!known[key] || received === null || known[key][0] === null) continue;
    rates[key] = [Math.max(0, received - known[key][0]) / seconds, Math.max(0, sent - known[key][1]) / seconds];
  }
  before = { counters, at };
};

const moves = (rate) => Boolean(rate) && rate[0] + rate[1] >= 1;

const showRates = () => {
  for (const node of document.querySelectorAll("[data-rate]")) {
    const rate = rates[node.dataset.rate];
    node.textContent = moves(rate) ? `↓ ${rateText(rate[0])}  ↑ ${rateText(rate[1])}` : "";
  }
  for (const node of document.querySelectorAll("path[data-endpoint]")) {
    node.classList.toggle("busy", moves(rates[node.dataset.endpoint]));
  }
  for (const [attribute, place] of [["received", 0], ["sent", 1]]) {
    for (const node of document.querySelectorAll(`[data-${attribute}]`)) {
      const counters = before && before.counters[node.dataset[attribute]];
      if (!counters || counters[place] === null) continue;
      node.textContent = bytesText(counters[place]);
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

let swaps = 0;
let swapped = 0;

// Take the same page anew; what has the focus keeps it, and what was scrolled sideways stays there.
const swap = async () => {
  swaps += 1;
  const mine = swaps;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== swaps) return;
  swapped = Date.now();
  const focused = focusSelector(document.activeElement);
  const open = document.querySelector("main details[open]") !== null;
  const scrolled = [...document.querySelectorAll(".scroll")].map((region) => [region.ariaLabel, region.scrollLeft]);
  document.querySelector("main").replaceWith(fresh.querySelector("main"));
  document.title = fresh.title;
  if (open && document.querySelector("main details")) document.querySelector("main details").open = true;
  for (const [label, left] of scrolled) {
    const region = document.querySelector(`.scroll[aria-label="${CSS.escape(label)}"]`);
    if (region) region.scrollLeft = left;
  }
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
  applyFilter();
  showRates();
  document.dispatchEvent(new Event("swapped"));
};

const focusSelector = (node) => {
  if (!node || !node.closest("main")) return null;
  if (node.dataset.key) return `[data-key="${CSS.escape(node.dataset.key)}"]`;
  if (node.id) return `#${CSS.escape(node.id)}`;
  if (node.ariaLabel) return `[aria-label="${CSS.escape(node.ariaLabel)}"]`;
  return node.hasAttribute("href") ? `main a[href="${CSS.escape(node.getAttribute("href"))}"]` : null;
};

// One page for all: what is shown is in the address, so that it can be kept and sent.
const follow = async (address, { push = true, reveal = false } = {}) => {
  if (push) history.pushState(null, "", address);
  await swap();
  const panel = document.getElementById("details");
  if (reveal && panel) panel.focus();
};

// Back to the box that was opened.
const closeDetails = async () => {
  const panel = document.getElementById("details");
  if (!panel) return;
  const { show } = panel.dataset;
  await follow(panel.querySelector(".close").getAttribute("href"));
  document.querySelector(`[data-key="${CSS.escape(show)}"]`)?.focus();
};

document.addEventListener("click", (event) => {
  const anchor = event.target.closest("main a[href^='?']");
  if (!anchor || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (anchor.classList.contains("close")) closeDetails();
  else follow(anchor.getAttribute("href"), { reveal: !anchor.classList.contains("group") });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeDetails();
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
  stream.addEventListener("tick", (event) => {
    const tick = JSON.parse(event.data);
    say("live");
    takeCounters(tick.counters, tick.at);
    showRates();
    document.dispatchEvent(new CustomEvent("tick", { detail: { rates, at: tick.at } }));
    const stale = document.getElementById("details") && Date.now() - swapped > DETAILS_MS;
    if (stale || String(tick.version) !== document.querySelector("main").dataset.version) swap();
  });
  stream.onerror = () => {
    say("not live: the exporter does not answer");
    stream.close();
    setTimeout(connect, RECONNECT_MS);
  };
};
connect();
