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

const heading = (path) => {
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
    area.append(make("h3", heading(path), path.verdict), steps);
  }
};

const explainReach = async (form) => {
  const area = document.getElementById("reach-answer");
  area.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`);
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
  explainReach(event.target);
});
