/* Chimera: fewer keys for whoever enters a page by keyboard. The keys are named on the page; everything can be
   reached without them, and the page works without this file.
   1 from answer to answer  2 a choice is one key  3 an empty page begins at its first item */
(function () {
  "use strict";
  const form = document.querySelector("form[data-guard]");
  if (!form) return;

  /* 1 Tab goes from answer to answer: the menu with the reasons for no answer stands aside, Alt+N opens that
     of the item. Rows that came later have menus, too. */
  const stepAside = () => form.querySelectorAll("details.missing > summary:not([tabindex])").forEach((menu) => {
    menu.tabIndex = -1;
  });
  stepAside();
  form.addEventListener("focusin", stepAside);
  function openMenu(control) {
    const field = control.closest("[data-field]");
    const menu = field && field.querySelector("details.missing");
    if (!menu) return false;
    menu.open = true;
    menu.querySelector("button").focus();
    return true;
  }

  /* Of several codes one is a stop for Tab; arrows lead from one to the next. */
  const group = (control) => Array.from(control.closest("[role=group]").querySelectorAll("input[type=checkbox]"));
  const several = (control) => control.type === "checkbox" && control.closest(".checks[role=group]");
  form.addEventListener("focusin", (event) => {
    if (!several(event.target)) return;
    group(event.target).forEach((option) => { option.tabIndex = option === event.target ? 0 : -1; });
  });
  function walk(control, key) {
    const step = { arrowdown: 1, arrowright: 1, arrowup: -1, arrowleft: -1 }[key];
    if (!step || !several(control)) return false;
    const options = group(control);
    options[(options.indexOf(control) + step + options.length) % options.length].focus();
    return true;
  }

  /* 2 In a choice a figure takes the option of that number, a letter the next one that begins with it. */
  const wordsOf = (option) => (option.labels ? option.labels[0] : option).textContent.trim().toLowerCase();
  function next(options, key, at) {
    if (/^[1-9]$/.test(key)) return options[Number(key) - 1];
    const after = options.slice(at + 1).concat(options.slice(0, at + 1));
    return after.find((option) => wordsOf(option).startsWith(key));
  }
  const told = (control) => control.dispatchEvent(new Event("input", { bubbles: true }));
  function tick(control, key) {
    const named = Array.from(form.elements).filter((c) => c.name === control.name && c.type === control.type);
    const chosen = next(named, key, named.indexOf(control));
    if (!chosen) return false;
    chosen.focus();
    chosen.checked = chosen.type === "radio" || !chosen.checked;
    told(chosen);
    return true;
  }
  /* The browser finds an option by the first letters of its words. Where these are Chinese, letters find it by
     its code: what is typed within a second in one list belongs together. */
  let typed = "", typedAt = 0, typedIn = null;
  function pick(select, key) {
    const now = Date.now();
    typed = typedIn !== select || now - typedAt > 1000 ? key : typed + key;
    typedAt = now;
    typedIn = select;
    const options = Array.from(select.options).filter((option) => option.value);
    if (options.some((option) => wordsOf(option).startsWith(typed))) return false;
    const chosen = /^[1-9]$/.test(typed) ? options[Number(typed) - 1]
      : options.find((option) => option.value.toLowerCase().startsWith(typed));
    if (!chosen) return false;
    select.value = chosen.value;
    told(select);
    return true;
  }

  form.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.isComposing) return;
    const control = event.target, key = event.key.toLowerCase();
    if (event.altKey) {
      if (event.code === "KeyN" && openMenu(control)) event.preventDefault();
      return;
    }
    if (key === "enter" && control.tagName === "SELECT") {   /* as in every other input */
      event.preventDefault();
      form.requestSubmit(form.querySelector("button[name=do][value=save]"));
    }
    if (walk(control, key)) event.preventDefault();
    if (key.length !== 1 || key === " ") return;
    const done = control.type === "radio" || control.type === "checkbox" ? tick(control, key)
      : control.tagName === "SELECT" ? pick(control, key) : false;
    if (done) event.preventDefault();
  });

  /* 3 Where nothing was saved, and nothing leads elsewhere on the page as what was refused does. */
  const first = form.querySelector("[data-field] :is(input, select, textarea):not([type=hidden], [disabled])");
  const isNew = form.elements.base_version && form.elements.base_version.value === "0";
  const elsewhere = window.location.hash || document.querySelector("[autofocus]");
  if (first && isNew && !elsewhere && document.activeElement === document.body) first.focus();
})();
