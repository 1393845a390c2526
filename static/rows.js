/* Chimera: a row more on a form of rows, without losing the place. The server makes it, as it does without this
   file: the form is sent with do=add, and of the page that comes back the new row alone is taken over. So its
   fields are named by the server, and nothing that stands in another row is touched.
   1 the rows  2 a new one  3 the keys */
(function () {
  "use strict";
  const button = document.querySelector("[data-add-row]");
  if (!button) return;
  const form = button.form;

  /* 1 A row is known by the beginning of its fields' names. It is a table row with the one below it, or a
     group of sections. */
  const FIELDS = "input:not([type=hidden], [disabled]), select:not([disabled]), textarea:not([disabled])";
  const prefixes = (root) => Array.from(root.querySelectorAll("input[name=row]"), (input) => input.value);
  function blocks(root, prefix) {
    const heading = root.querySelector("#row-" + CSS.escape(prefix));
    if (heading) return [heading.closest("[role=group]")];
    const field = root.querySelector("[data-field^=\"" + CSS.escape(prefix) + "\"]");
    const row = field && field.closest("tr");
    return row ? [row, row.nextElementSibling] : [];
  }
  const lastPrefix = () => prefixes(form).pop();
  const isSeen = (control) => !control.closest("[hidden]");
  const fieldsOf = (prefix) => blocks(form, prefix).flatMap((block) => Array.from(block.querySelectorAll(FIELDS)))
    .filter((control) => isSeen(control) && !control.closest(".reason"));
  const isEmpty = (prefix) => !fieldsOf(prefix).some((control) =>
    (control.type === "radio" || control.type === "checkbox") ? control.checked : control.value.trim());

  /* 2 One request at a time. What the server answers otherwise goes the way without a script. */
  const said = document.createElement("p");
  said.className = "vh";
  said.setAttribute("role", "status");
  form.append(said);
  let running = false;
  async function add() {
    if (running) return;
    running = true;
    button.setAttribute("aria-busy", "true");
    try {
      const sent = new FormData(form);
      sent.set("do", "add");
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(sent) });
      if (!answer.ok || answer.redirected) throw new Error("not added");
      take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (error) {
      if (error instanceof TypeError) said.textContent = button.dataset.failed;   /* no network: stay here */
      else form.requestSubmit(button);
    } finally {
      running = false;
      button.removeAttribute("aria-busy");
    }
  }
  function take(page) {
    const prefix = prefixes(page).pop();
    const found = prefix && !prefixes(form).includes(prefix) ? blocks(page, prefix) : [];
    const before = blocks(form, lastPrefix()).pop();
    if (!found.length || !before) throw new Error("no new row");
    const mark = form.querySelector("input[name=row]");
    [[prefix + "__new", "1"], ["row", prefix]].forEach(([name, value]) => {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      Array.from(form.querySelectorAll("input[name=row]")).pop().after(input);
    });
    before.after(...found.map((block) => document.adoptNode(block)));
    mark.dispatchEvent(new Event("input", { bubbles: true }));   /* what is asked is looked at again */
    const first = fieldsOf(prefix)[0];
    if (first) first.focus();
    const count = form.querySelector("#rows + .count");
    if (count) count.textContent = prefixes(form).length;
    said.textContent = button.dataset.said.replace("%n", prefix.replace(/\D/g, ""));
  }

  /* 3 Alt and the down arrow anywhere in the rows. Enter or Tab in the last cell of the last row, unless it is
     empty still: then Tab leads on, and Enter saves. */
  function isLastCell(control) {
    const prefix = lastPrefix();
    const fields = fieldsOf(prefix);
    return fields.length > 0 && fields[fields.length - 1].name === control.name && !isEmpty(prefix);
  }
  form.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
    const more = event.key === "ArrowDown" && event.altKey && plain
      && event.target.tagName !== "SELECT";   /* there it opens the list */
    const atEnd = (event.key === "Enter" || event.key === "Tab") && plain && !event.altKey
      && event.target.tagName !== "TEXTAREA" && isLastCell(event.target);
    if (!more && !atEnd) return;
    event.preventDefault();
    add();
  });
  button.addEventListener("click", (event) => {
    if (form.dataset.dirty === undefined) return;   /* no other script ran */
    event.preventDefault();
    add();
  });
})();
