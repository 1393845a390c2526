/* Warns before the session ends. Every open page of the browser is told when one of them is used. */
(function () {
  "use strict";
  const box = document.getElementById("session-warning");
  if (!box) return;
  const before = box.querySelector("[data-before]");
  const after = box.querySelector("[data-after]");
  const again = box.querySelector("[data-again]");
  const warning = Number(box.dataset.warning);
  const others = "BroadcastChannel" in window ? new BroadcastChannel("chimera-session") : null;
  let timers = [];

  function show(over) {
    before.hidden = over;
    after.hidden = !over;
    again.search = new URLSearchParams({ next: location.pathname + location.search, ended: "1" });
    box.hidden = false;
  }

  function lasts(seconds) {
    timers.forEach(clearTimeout);
    box.hidden = true;
    timers = [
      setTimeout(() => show(false), Math.max(0, seconds - warning) * 1000),
      setTimeout(() => show(true), seconds * 1000),
    ];
  }

  async function stay(event) {
    event.preventDefault();
    const form = event.target;
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
    if (!answer.ok) return show(true);
    const { seconds } = await answer.json();
    lasts(seconds);
    if (others) others.postMessage(seconds);
  }

  box.querySelector("form").addEventListener("submit", stay);
  if (others) others.onmessage = (message) => lasts(message.data);
  lasts(Number(box.dataset.seconds));
  if (others) others.postMessage(Number(box.dataset.seconds));
})();
