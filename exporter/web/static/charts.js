// Charts of the bytes of the last ten minutes, from the ticks that this page has received: the server keeps none.
"use strict";

const SPAN_MS = 600_000;
const CHART = { width: 300, height: 60 };
const SVG = "http://www.w3.org/2000/svg";
let seen = new Map(); // endpoint -> [Unix milliseconds, received and sent bytes per second]

const remember = (rates, at) => {
  const kept = new Map();
  for (const [key, rate] of Object.entries(rates)) {
    const points = seen.get(key) ?? [];
    points.push([at, ...rate]);
    while (points[0][0] < at - SPAN_MS) points.shift();
    kept.set(key, points);
  }
  seen = kept;
};

const lineOf = (points, place, highest, now) => {
  const line = document.createElementNS(SVG, "polyline");
  const spot = (point) => {
    const x = CHART.width * (1 - (now - point[0]) / SPAN_MS);
    return `${x.toFixed(1)},${(CHART.height - 2 - (CHART.height - 4) * (point[place] / highest)).toFixed(1)}`;
  };
  line.setAttribute("points", points.map(spot).join(" "));
  line.setAttribute("class", place === 1 ? "received" : "sent");
  return line;
};

const drawCharts = () => {
  for (const chart of document.querySelectorAll("[data-chart]")) {
    const points = seen.get(chart.dataset.chart) ?? [];
    if (!points.length) continue;
    const highest = Math.max(1, ...points.flatMap((point) => [point[1], point[2]]));
    const now = points[points.length - 1][0];
    chart.replaceChildren(lineOf(points, 1, highest, now), lineOf(points, 2, highest, now));
    const words = `received solid, sent dashed, at most ${rateText(highest)} in the last ten minutes`;
    chart.setAttribute("aria-label", `Bytes of ${chart.dataset.chart}: ${words}`);
    chart.parentNode.querySelector("[data-scale]").textContent = `: ${words}`;
  }
};

document.addEventListener("tick", (event) => {
  remember(event.detail.rates, event.detail.at);
  drawCharts();
});
document.addEventListener("swapped", drawCharts);
