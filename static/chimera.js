/* Chimera: optional enhancement. Every page works without this file.
   1 menus  2 fields  3 reveal  4 unsaved mark and reason  5 matrix arrow keys  6 toast */
(function () {
  "use strict";
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  /* 1 Menus are <details class="menu">: close on Escape, on a click outside and when another opens. */
  const closeMenus = (except) => all("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest("details.menu[open]");
    closeMenus();
    if (menu) menu.querySelector("summary").focus();
  });

  /* 2 Fields. A field NAME has its controls (NAME; in a grid NAME.CELL), NAME__missing with the reason for
     no answer, and NAME__base with the text that was saved. Its text is its value, or the reason in brackets:
     the same text that the server compares. */
  const controls = (form, name) => {
    const named = (test) => Array.from(form.elements).filter((control) => test(control.name));
    const found = form.elements[name];
    const own = !found ? [] : (found.tagName ? [found] : Array.from(found)).filter((c) => c.name === name);
    return own.length ? own : named((each) => each.startsWith(name + "."));
  };
  const isTicked = (control) => control.type === "radio" || control.type === "checkbox";
  function answers(form, name) {
    return controls(form, name).filter((c) => !c.disabled).flatMap((c) => {
      if (isTicked(c)) return c.checked ? [c.value] : [];
      if (c.type === "hidden") return c.value.split("|");
      const typed = c.value.trim();
      return c.name === name || !typed ? [typed] : [c.name.slice(name.length + 1) + "=" + typed];
    }).filter(Boolean);
  }
  const part = (form, name, suffix) => form.elements[name + suffix];
  const baseOf = (form, name) => { const base = part(form, name, "__base"); return base ? base.value.trim() : ""; };
  function textOf(form, name) {
    const given = answers(form, name);
    if (given.length) return given.length > 1 ? given.sort().join("|") : given[0];
    const missing = part(form, name, "__missing");
    return missing && missing.value ? "[" + missing.value + "]" : "";
  }
  function write(form, name, text) {
    const missing = part(form, name, "__missing");
    const code = /^\[(\w+)\]$/.exec(text);
    const values = code ? [] : text.split("|");
    if (missing) missing.value = code ? code[1] : "";
    controls(form, name).forEach((c) => {
      if (isTicked(c)) c.checked = values.includes(c.value);
      else if (c.name === name) c.value = code ? "" : text;
      else c.value = (values.find((v) => v.startsWith(c.name.slice(name.length + 1) + "=")) || "").split("=")[1] || "";
    });
  }

  /* 3 Reveal: data-reveal holds the condition as the item declares it. What the page cannot see, the server
     has judged. An item that holds a saved value is never hidden: it is marked as no longer asked. */
  function holds(form, rule) {
    if ("judged" in rule) return rule.judged;
    if (rule.all) return rule.all.every((each) => holds(form, each));
    if (rule.any) return rule.any.some((each) => holds(form, each));
    const given = answers(form, rule.item);
    if (rule.filled) return given.length > 0;
    if ("least" in rule) return given.length > 0 && Number(given[0]) >= Number(rule.least);
    return given.length > 0 && given.some((value) => rule.codes.includes(value)) !== rule.negated;
  }
  const fieldsIn = (block) => all("[data-field]", block).concat(block.matches("[data-field]") ? [block] : []);
  function reveal(form) {
    let moved = true;
    for (let pass = 0; moved && pass < 9; pass += 1) {   /* an item may hang on one that hangs on another */
      moved = false;
      all("[data-reveal]", form).forEach((block) => {
        const asked = holds(form, JSON.parse(block.dataset.reveal));
        const kept = fieldsIn(block).filter((field) => baseOf(form, field.dataset.field));
        const one = fieldsIn(block).length === 1;
        if (one) kept.forEach((field) => {
          field.classList.toggle("item-orphan", !asked);
          all("[data-orphan]", field).forEach((note) => { note.hidden = asked; });
        });
        const hidden = !asked && !kept.length;
        moved = moved || block.hidden !== hidden;
        block.hidden = hidden;
      });
      all("[data-reveal] :is(input, select, textarea)", form).forEach((control) => {
        control.disabled = Boolean(control.closest("[data-reveal][hidden]"));
      });
    }
    all("[data-idle]", form).forEach((section) => {
      section.hidden = !fieldsIn(section).some((field) => !field.closest("[data-reveal][hidden]"));
    });
  }

  /* 4 Unsaved mark, and the reason for changing what was saved: a copy of the form's template. */
  function ask(form, field, name) {
    const below = document.getElementById("below-" + name);
    let box = below.querySelector(".reason");
    if (!box) {
      const template = form.querySelector("template[data-reason]");
      const words = { "%field": name, "%label": labelOf(field, name), "%was": field.dataset.saved };
      const fill = (text) => text.replace(/%field|%label|%was/g, (key) => words[key]);
      if (!template) return;
      box = template.content.querySelector(".reason").cloneNode(true);
      [box].concat(all("*", box)).forEach((node) => {
        Array.from(node.attributes).forEach((attribute) => { attribute.value = fill(attribute.value); });
        node.childNodes.forEach((child) => { if (child.nodeType === 3) child.data = fill(child.data); });
      });
      below.append(box);
    }
    box.hidden = false;
    below.hidden = false;
  }
  function unask(name) {
    const below = document.getElementById("below-" + name);
    const box = below && below.querySelector(".reason");
    if (box) box.hidden = true;
    if (below) below.hidden = !all(":scope > :not([hidden])", below).length;
  }
  const labelOf = (field, name) => document.getElementById("l-" + name).textContent.trim();
  function guard(form) {
    const status = form.querySelector("[data-unsaved]");
    let leaving = false;
    function refresh() {
      let count = 0;
      all("[data-field]", form).forEach((field) => {
        const name = field.dataset.field;
        if (!part(form, name, "__base") || part(form, name, "__base").disabled) return;
        const dirty = textOf(form, name) !== baseOf(form, name);
        field.classList.toggle("is-changed", dirty);
        if ("saved" in field.dataset) { if (dirty) ask(form, field, name); else unask(name); }
        if (dirty) count += 1;
      });
      if (status) status.textContent = count ? status.dataset.text.replace("%n", count) : "";
      form.dataset.dirty = count;
    }
    function showMissing(name, words) {
      const chip = document.getElementById("i-" + name).querySelector("[data-missing]");
      if (chip) { chip.textContent = words; chip.hidden = !words; }
    }
    form.addEventListener("input", (event) => {
      const name = event.target.name.split(".")[0];
      const missing = part(form, name, "__missing");
      if (missing && missing.value && answers(form, name).length) { missing.value = ""; showMissing(name, ""); }
      reveal(form);
      refresh();
    });
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.name === "missing") {
        const [name, code] = button.value.split(":");
        event.preventDefault();
        write(form, name, code ? "[" + code + "]" : "");
        showMissing(name, code ? button.textContent : "");
        button.closest("details").open = false;
        button.closest("details").querySelector("summary").focus();
      } else if (button.dataset.undo) {
        const name = button.dataset.undo;
        write(form, name, baseOf(form, name));
        showMissing(name, "");
        controls(form, name)[0].focus();
      } else return;
      reveal(form);
      refresh();
    });
    /* t in an empty date is today. */
    form.addEventListener("keydown", (event) => {
      const today = event.target.dataset.today;
      if (event.key !== "t" || !today || event.target.value || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.target.value = today;
      event.target.dispatchEvent(new Event("input", { bubbles: true }));
    });
    /* The first field in view when the form is sent: the page comes back to it. */
    form.addEventListener("submit", () => {
      leaving = true;
      const at = form.querySelector("[data-at]");
      const seen = all(".item[data-field]", form).find((item) => item.getBoundingClientRect().top > 0);
      if (at && seen && window.scrollY > 0) at.value = seen.dataset.field;
    });
    window.addEventListener("beforeunload", (event) => {
      if (!leaving && Number(form.dataset.dirty || 0)) event.preventDefault();
    });
    reveal(form);
    refresh();
  }
  all("form[data-guard]").forEach(guard);

  /* 5 Matrix: arrows, Home and End move between cells; Tab leaves it (roving tabindex). */
  all("table.matrix").forEach((table) => {
    const wide = all("tr", table).map((row) => Array.from(row.cells));
    const rows = wide.filter((cells) => cells.length === wide[wide.length - 1].length); // no headings
    const links = all("a", table);
    if (!links.length) return;
    links.forEach((link, index) => { link.tabIndex = index ? -1 : 0; });
    const focus = (link) => {
      links.forEach((other) => { other.tabIndex = -1; });
      link.tabIndex = 0;
      link.focus();
    };
    const seek = (r, c, dr, dc) => {
      for (r += dr, c += dc; rows[r] && c >= 0 && c < rows[r].length; r += dr, c += dc) {
        const link = rows[r][c].querySelector("a");
        if (link) return link;
      }
      return null;
    };
    table.addEventListener("keydown", (event) => {
      const cell = event.target.closest("td, th");
      const r = rows.findIndex((cells) => cells.includes(cell));
      if (r < 0) return;
      const c = rows[r].indexOf(cell);
      const found = {
        ArrowUp: () => seek(r, c, -1, 0), ArrowDown: () => seek(r, c, 1, 0),
        ArrowLeft: () => seek(r, c, 0, -1), ArrowRight: () => seek(r, c, 0, 1),
        Home: () => seek(r, -1, 0, 1), End: () => seek(r, rows[r].length, 0, -1),
      }[event.key];
      const link = found && found();
      if (link) { event.preventDefault(); focus(link); }
    });
  });

  /* 6 Toast: closes by its button only; nothing vanishes while it is being read. */
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-close]");
    if (button) button.closest(".toast").remove();
  });
})();
