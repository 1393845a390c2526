/* What a plot says at the pointer: a line there, and under the plot the words that the page already holds.
   The table under each plot says the same without this file. */
(function () {
  "use strict";
  const NAMESPACE = "http://www.w3.org/2000/svg";
  document.querySelectorAll("svg[data-readout]").forEach((plot) => {
    const said = document.getElementById(plot.dataset.readout);
    const [shown, ...texts] = said.children;
    const [left, right, top, bottom] = ["left", "right", "top", "bottom"].map((name) => Number(plot.dataset[name]));
    const rule = document.createElementNS(NAMESPACE, "path");
    rule.setAttribute("class", "pointer");
    plot.append(rule);
    said.hidden = false;
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const x = (event.clientX - box.left) * plot.viewBox.baseVal.width / box.width;
      const step = Math.round((x - left) / (right - left) * (texts.length - 1));
      const inside = step >= 0 && step < texts.length;
      shown.textContent = inside ? texts[step].textContent : "";
      rule.setAttribute("d", inside ? "M" + x + " " + top + "V" + bottom : "");
    });
    plot.addEventListener("pointerleave", () => {
      shown.textContent = "";
      rule.setAttribute("d", "");
    });
  });
})();
