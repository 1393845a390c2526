/* Chimera: what is typed on a page goes to the server as a draft, within seconds and without being saved.
   Nothing is stored in the browser. Every page works without this file: it then keeps what was sent.
   1 what is sent  2 when it is sent  3 what is said of it  4 leaving  5 coming back */
(function () {
  "use strict";
  const form = document.querySelector("form[data-draft]");
  /* A page that the browser brings back as it was would show what is over: ask the server again. */
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  if (!form) return;
  const SOON = 2000, LATEST = 20000, SLOW = 2500, GIVE_UP = 15000, LONGEST_WAIT = 10000;   /* ms */
  const trouble = form.querySelector("[data-trouble]");
  const kept = form.querySelector("[data-kept]");
  const session = "BroadcastChannel" in window ? new BroadcastChannel("chimera-session") : null;

  /* 1 The fields that differ from what is saved, each with its parts, and the frame of the form. */
  const FRAME = /^(csrfmiddlewaretoken|form_token|base_version|row|.*__(new|key))$/;
  function draft() {
    const changed = Array.from(form.querySelectorAll("[data-field].is-changed"), (field) => field.dataset.field);
    const isOf = (name, field) => name === field || name.startsWith(field + ".") || name.startsWith(field + "__");
    const found = new FormData();
    new FormData(form).forEach((value, name) => {
      if (FRAME.test(name) || changed.some((field) => isOf(name, field))) found.append(name, value);
    });
    return found;
  }
  const asText = (data) => new URLSearchParams(data).toString();
  const content = () => asText(Array.from(draft()).filter(([name]) => !FRAME.test(name)));

  /* 2 A little after the last key, at the latest 20 s after the first; again and again while it fails. */
  let sent = content();          /* what the server has */
  let since = null;              /* when the oldest input was made that the server has not */
  let timer = 0, wait = 0, running = null, leaving = false;
  const isUnsent = () => content() !== sent;
  function plan(delay) {
    clearTimeout(timer);
    timer = setTimeout(send, delay);
  }
  function note() {
    if (leaving) return;
    if (!isUnsent()) { since = null; mark(null); return; }
    since = since || Date.now();
    mark(0);
    if (!wait) plan(Math.max(0, Math.min(SOON, since + LATEST - Date.now())));
  }
  async function send() {
    if (running || leaving || !isUnsent()) return;
    const stop = new AbortController();
    const slow = setTimeout(lost, SLOW), late = setTimeout(() => stop.abort(), GIVE_UP);
    const now = content(), began = Date.now();
    running = stop;
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST", body: new URLSearchParams(draft()), redirect: "manual", signal: stop.signal,
      });
      const keptForItsOwner = answer.status === 409 || answer.type === "opaqueredirect";
      if (!answer.ok && !keptForItsOwner) throw new Error("not kept");
      await told(answer);
      sent = now;
      since = isUnsent() ? began : null;
      if (!since) mark(null);
      wait = 0;
      found();
    } catch (error) {
      if (leaving) return;
      wait = Math.min(LONGEST_WAIT, wait * 2 || 1000);
      lost();
    } finally {
      clearTimeout(slow);
      clearTimeout(late);
      running = null;
    }
    if (wait) plan(wait); else note();
  }
  /* A redirect is the way to sign in again: the draft is kept all the same, and the session says the rest. */
  async function told(answer) {
    if (!answer.ok) return;
    const said = await answer.json();
    kept.textContent = said.kept ? kept.dataset.text.replace("%t", said.kept) : "";
    if (session) session.postMessage(said.seconds);
  }
  function soonest() {
    wait = 0;
    plan(0);
  }

  /* 3 The banner, within 5 s of a key that could not be sent, or as soon as the browser knows. */
  const two = (number) => String(number).padStart(2, "0");
  const hour = (at) => two(at.getHours()) + ":" + two(at.getMinutes());
  function lost() {
    if (leaving) return;
    since = since || Date.now();
    const words = trouble.dataset.text.replace("%t", hour(new Date(since)));
    const place = trouble.querySelector("b");
    if (place.textContent !== words) place.textContent = words;
    trouble.hidden = false;
    kept.textContent = "";
  }
  function found() {
    trouble.hidden = true;
  }
  window.addEventListener("offline", lost);
  window.addEventListener("online", () => {
    if (isUnsent()) soonest(); else { since = null; found(); }
  });

  /* 4 Leaving sends what is unsent; a form that cannot reach the server stays where it is. */
  function part() {
    if (!leaving && isUnsent()) navigator.sendBeacon(form.dataset.draft, new URLSearchParams(draft()));
  }
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") part(); });
  window.addEventListener("pagehide", part);
  form.addEventListener("input", note);
  form.addEventListener("click", () => setTimeout(note, 0));
  form.addEventListener("submit", (event) => {
    if (!trouble.hidden && isUnsent()) {
      event.preventDefault();
      event.stopImmediatePropagation();
      soonest();
      trouble.scrollIntoView({ block: "nearest" });
      return;
    }
    leaving = true;
    mark(null);
    clearTimeout(timer);
    if (running) running.abort();
    setTimeout(() => { leaving = false; note(); }, GIVE_UP);   /* still here: it did not leave */
  }, true);
  document.querySelectorAll("form[data-discard]").forEach((each) => each.addEventListener("submit", () => {
    leaving = true;
    mark(null);
    form.dataset.dirty = "0";
  }));

  /* 5 Who comes back at once may be shown the page before what leaving has sent was kept: the entry of the
     history says that something was on its way (no value of it), and the page is asked for again. */
  const AGAIN = 3, SHORTLY = 500;
  function mark(times) {
    const now = times === null ? null : { unsent: times };
    if (JSON.stringify(history.state) !== JSON.stringify(now)) history.replaceState(now, "");
  }
  function askAgain(times) {
    if (isUnsent()) return;                       /* somebody types already */
    mark(times + 1);
    window.location.reload();
  }
  const shown = document.querySelector("[data-discard]");
  const times = (history.state || {}).unsent;
  if (form.querySelector(".is-changed") && !shown) { sent = ""; note(); }
  else if (times === undefined || shown || times >= AGAIN) mark(null);
  else setTimeout(askAgain, SHORTLY * 2 ** times, times);
})();
