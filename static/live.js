/* Chimera: what a save would say of the answers is said at them, a moment after they are typed. Nothing is
   saved by it, and every page works without this file: the save then says the same.
   1 what is asked  2 when it is asked  3 what is said at an item  4 derived values */
(function () {
  "use strict";
  const form = document.querySelector("form[data-live]");
  if (!form) return;
  const PAUSE = 600, GIVE_UP = 10000;   /* ms */
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const byId = (id) => document.getElementById(id);
  const session = "BroadcastChannel" in window ? new BroadcastChannel("chimera-session") : null;

  /* 1 The form as the save would get it. */
  const asked = () => new URLSearchParams(new FormData(form));
  const content = () => asked().toString();
  function contentOf(name) {
    const own = (each) => each === name || each === name + "__missing" || each.startsWith(name + ".");
    return new URLSearchParams(Array.from(asked()).filter(([each]) => own(each))).toString();
  }

  /* 2 Once the person pauses, one request at a time; only after a change, so that no open page keeps a session
     alive. Without a network it is silent, and asks again with the next change. */
  let said = content();          /* what was answered last */
  let timer = 0, running = null, leaving = false;
  function plan() {
    clearTimeout(timer);
    if (!leaving && content() !== said) timer = setTimeout(ask, PAUSE);
  }
  async function ask() {
    if (running || leaving || !navigator.onLine) return;
    const now = content(), stop = running = new AbortController();
    const late = setTimeout(() => stop.abort(), GIVE_UP);
    let failed = true;
    try {
      const answer = await fetch(form.dataset.live, {
        method: "POST", body: asked(), redirect: "manual", signal: stop.signal,
      });
      if (answer.ok) {
        const told = await answer.json();
        failed = false;
        if (session) session.postMessage(told.seconds);
        if (!leaving && content() === now) {
          said = now;
          tell(told);
        }
      }
    } catch (error) {
      /* offline, slow or left: the save will say it */
    } finally {
      clearTimeout(late);
      running = null;
    }
    if (!failed || content() !== now) plan();
  }
  if (form.querySelector(".is-changed")) { said = ""; plan(); }   /* what was typed before is shown again */
  form.addEventListener("input", plan);
  form.addEventListener("click", () => setTimeout(plan, 0));
  form.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(timer);
    if (running) running.abort();
    setTimeout(() => { leaving = false; }, GIVE_UP);   /* still here: it did not leave */
  });

  /* 3 Messages stand where the server puts them. What it said of a refused save stays until that item changes;
     that an answer is still due is no news: it goes with the answer and never comes by itself. */
  const held = new Map();   /* by name, what stood in the item then */
  if ("refused" in form.dataset) {
    all("[data-field]", form).forEach((item) => {
      const name = item.dataset.field;
      if (standing(name).length) held.set(name, contentOf(name));
    });
  }
  const news = document.createElement("div");
  news.className = "vh";
  news.setAttribute("aria-live", "polite");
  form.append(news);

  function standing(name) {
    const below = byId("below-" + name);
    return below ? all(":scope > p[id]", below) : [];
  }
  const words = (nodes) => nodes.map((node) => node.textContent.trim());
  function drawn(html) {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    return template.content.firstElementChild;
  }
  function tell(told) {
    const come = Object.entries(told.messages).flatMap(([name, messages]) => say(name, messages));
    news.textContent = come.join(" ");
    Object.entries(told.derived).forEach(([name, value]) => derive(name, value));
  }
  /* Say what holds at an item, and no more; gives back what is new, for those who hear the page. */
  function say(name, messages) {
    const below = byId("below-" + name);
    if (!below || held.get(name) === contentOf(name)) return [];
    held.delete(name);
    const old = words(standing(name));
    const holding = messages.map((each) => ({ ...each, node: drawn(each.html) }))
      .filter((each) => each.severity !== "due" || old.includes(each.node.textContent.trim()));
    const nodes = holding.map((each) => each.node);
    if (words(nodes).join("\n") === old.join("\n")) return [];
    all(":scope > p", below).forEach((node) => node.remove());
    below.prepend(...heading(below, name, nodes), ...nodes);
    below.hidden = !all(":scope > :not([hidden])", below).length;
    mark(name, nodes.map((node) => node.id), holding.map((each) => each.severity));
    const label = byId("l-" + name).textContent.trim();
    return words(nodes).filter((each) => below.offsetParent && !old.includes(each)).map((each) => label + ": " + each);
  }
  /* Below a row of a table stand the messages of all its items: each says which it is about. */
  function heading(below, name, nodes) {
    if (!nodes.length || !below.closest("[data-below]")) return [];
    const line = document.createElement("p");
    line.className = "hint";
    line.textContent = byId("l-" + name).textContent.trim();
    return [line];
  }
  function mark(name, ids, severities) {
    const item = byId("i-" + name);
    const field = item.matches(".item-field") ? item : item.querySelector(".item-field");
    const control = byId(name) || byId(name + "-shown");
    const described = field.querySelector("[role=radiogroup], [role=group]") || control;
    if (!described) return;
    const others = (described.getAttribute("aria-describedby") || "").split(" ")
      .filter((id) => id && !id.startsWith("m-" + name + "-"));
    put(described, "aria-describedby", [...others, ...ids].join(" "));
    const stops = severities.some((each) => each === "error" || each === "hard");
    const boxes = all("input[type=checkbox]", field);
    (boxes.length ? boxes : [described.matches("[role=group]") ? control : described])
      .forEach((each) => put(each, "aria-invalid", stops ? "true" : ""));
    item.classList.toggle("has-error", severities.includes("error"));
  }
  function put(node, name, value) {
    if (value) node.setAttribute(name, value); else node.removeAttribute(name);
  }

  /* 4 A derived value and the rule that gave it. */
  function derive(name, value) {
    const place = document.querySelector("#" + CSS.escape(name) + ".derived b");
    if (!place) return;
    const shown = value.shown || "–";
    if (place.textContent !== shown) place.textContent = shown;
    const rule = byId("i-" + name).querySelector("[data-rule]");
    if (!rule) return;
    rule.textContent = value.rule ? value.rule + " · " : "";
  }
})();
