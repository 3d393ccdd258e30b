// The path from a container to a target, drawn step by step. Without this script the form shows the JSON document.
"use strict";

const make = (tag, words, className = "") => {
  const node = document.createElement(tag);
  node.textContent = words;
  if (className) node.className = className;
  return node;
};

// A step as a box; its sentence, code and remedy are below its name.
const stepNode = (step) => {
  const node = make("li", "", `step ${step.state}`);
  node.append(make("strong", step.name), make("span", step.state, "state"), make("p", step.detail));
  if (step.code) node.append(make("code", step.code));
  if (step.remedy) node.append(make("p", step.remedy, "remedy"));
  return node;
};

const range = (first, rest) => (rest > 0 ? `${first}-${first + rest}` : `${first}`);

// A path from a port of the host to a container.
const portHeading = (path, query) => {
  if (!path.protocol) return `${query}: ${path.verdict}`;
  const rest = path.last_port ? path.last_port - path.port : 0;
  const inside = path.container_port ? ` → ${path.container}:${range(path.container_port, rest)}` : "";
  const on = path.addresses.length ? ` on ${path.addresses.join(", ")}` : "";
  return `${path.protocol}/${range(path.port, rest)}${on}${inside}: ${path.verdict}`;
};

const heading = (path, query) => {
  if (!path.from) return portHeading(path, query);
  const target = path.to.container ? `${path.to.container} (${path.to.address})` : path.to.address;
  const port = path.port ? ` ${path.protocol}/${path.port}` : "";
  const by = path.from.interface ? ` by ${path.from.interface}` : "";
  return `${path.from.container} → ${target}${port}${by}: ${path.verdict}`;
};

const showAnswer = (area, answer) => {
  area.replaceChildren();
  if (answer.paths.length > 1) area.append(make("p", `${answer.query}: ${answer.verdict}`, answer.verdict));
  for (const path of answer.paths) {
    const steps = document.createElement("ol");
    steps.className = "path";
    steps.append(...path.steps.map(stepNode));
    area.append(make("h3", heading(path, answer.query), path.verdict), steps);
  }
};

const fetchAnswer = async (area, address) => {
  area.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address);
    if (answer.ok) showAnswer(area, await answer.json());
    else area.replaceChildren(make("p", (await answer.text()) || "No answer. Try again.", "critical"));
  } catch {
    area.replaceChildren(make("p", "The exporter does not answer.", "critical"));
  } finally {
    area.removeAttribute("aria-busy");
  }
};

document.querySelector("#reach form").addEventListener("submit", (event) => {
  event.preventDefault();
  const { target } = event;
  const address = `${target.getAttribute("action")}?${new URLSearchParams(new FormData(target))}`;
  fetchAnswer(document.getElementById("reach-answer"), address);
});

let explained = { key: "", area: null };

// The paths to the selected container, evaluated once for each version of the page.
const explainSelected = () => {
  const place = document.getElementById("explain");
  if (!place) return;
  const address = place.dataset.explain;
  const key = `${document.querySelector("main").dataset.version} ${address}`;
  if (key !== explained.key) {
    explained = { key, area: explained.area && explained.key.endsWith(` ${address}`) ? explained.area : make("div", "") };
    fetchAnswer(explained.area, address);
  }
  place.append(explained.area);
};

document.addEventListener("swapped", explainSelected);
explainSelected();
