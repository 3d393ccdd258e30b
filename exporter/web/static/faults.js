// The sentences of the findings of an edge or a box of the picture, at the pointer or the focus.
"use strict";

const TIP_GAP = 8;

const hideTip = () => document.getElementById("tip")?.remove();

const showTip = (event) => {
  const target = event.target.closest?.("[data-faults]");
  if (!target) return;
  hideTip();
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.setAttribute("aria-hidden", "true"); // the label of the element has the same sentences
  for (const sentence of target.dataset.faults.split("\n")) {
    const line = document.createElement("p");
    line.textContent = sentence;
    tip.append(line);
  }
  document.body.append(tip);
  const place = target.getBoundingClientRect();
  const left = Math.min(place.left, document.documentElement.clientWidth - tip.offsetWidth - TIP_GAP);
  const below = place.bottom + TIP_GAP;
  const top = below + tip.offsetHeight > window.innerHeight ? place.top - tip.offsetHeight - TIP_GAP : below;
  tip.style.left = `${Math.max(TIP_GAP, left)}px`;
  tip.style.top = `${Math.max(TIP_GAP, top)}px`;
};

for (const name of ["mouseover", "focusin"]) document.addEventListener(name, showTip);
for (const name of ["mouseout", "focusout", "scroll", "swapped"]) document.addEventListener(name, hideTip);
document.addEventListener("keydown", (event) => event.key === "Escape" && hideTip());
