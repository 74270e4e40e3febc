/* Forms that write (layouts/parts/form.py): fields as JSON to the interface of the same origin. A refusal's reason is
   shown where it arose; what went through shows itself with the next revision. Also: which home is chosen. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const NAME = "cim-by";       // who works at this screen, so that nobody types it twice

  function words(key, values) { return shell.text("js.form." + key, values); }
  /* A field's value as the interface wants it: numbers as numbers, hours from now as an instant, words as their id. */
  function value(control) {
    const label = control.closest("[data-kind]"), kind = label ? label.dataset.kind : "";
    const raw = control.value.trim();
    if (raw === "") return null;
    if (kind === "number") return Number(raw);
    if (kind === "hours") return shell.iso(shell.serverNow() + Number(raw) * 3600e3);
    if (kind === "known") {
      const found = Array.from(control.list.options).find((option) => option.value === raw);
      if (!found) throw new Error(words("unknown", { what: raw }));
      return found.dataset.id;
    }
    return raw;
  }
  function filled(form) {
    const body = JSON.parse(form.dataset.fixed || "{}");
    for (const control of form.querySelectorAll("input[name], textarea[name], select[data-name]")) {
      const found = value(control);
      if (found !== null) body[control.name || control.dataset.name] = found;
    }
    return body;
  }
  /* Why it was refused: the reason in the reader's language where there is one, else what the interface says. */
  function reason(problem, lang) {
    if (problem.reason && typeof problem.reason === "object") return problem.reason[lang] || problem.reason.zh;
    if (Array.isArray(problem.errors) && problem.errors.length) {
      return problem.errors.map((e) => (typeof e === "string" ? e : words("wrong", { field: e.parameter, expected: e.expected }))).join("; ");
    }
    return problem.detail || problem.title || words("failed");
  }
  async function send(source, body) {
    const path = source.dataset.send || source.dataset.press;
    let response;
    try {
      response = await fetch(path, {
        method: source.dataset.method || "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: source.dataset.method === "DELETE" && !Object.keys(body).length ? undefined : JSON.stringify(body),
      });
    } catch (error) { throw new Error(words("away")); }
    if (response.ok) return response.status === 204 ? {} : response.json().catch(() => ({}));
    const problem = await response.json().catch(() => ({}));
    throw new Error(reason(problem, source.dataset.lang || "zh"));
  }
  function say(place, text, wrong) {
    if (!place) return;
    place.textContent = text;
    place.classList.toggle("wrong", wrong);
    place.setAttribute("role", wrong ? "alert" : "status");
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-send]");
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector("[type=submit]"), place = form.querySelector(".form-answer");
    if (button.disabled) return;
    button.disabled = true;
    say(place, words("sending"), false);
    try {
      const body = filled(form);
      if (body.by) localStorage.setItem(NAME, body.by);
      const answer = await send(form, body);
      say(place, "", false);
      if (form.dataset.once) showOnce(form, String(answer[form.dataset.once] || ""));
      else tell(form.dataset.done);
      for (const control of form.querySelectorAll("input[name]")) if (control.name !== "by") write(control, control.defaultValue);
    } catch (error) { say(place, error.message, true); }
    button.disabled = false;
  });

  /* What is told once (a new token): it stands there until somebody closes it, and is nowhere afterwards. */
  function showOnce(form, value) {
    const box = document.createElement("dialog"), words = document.createElement("p");
    const code = document.createElement("code"), close = document.createElement("button");
    box.className = "once panel";
    words.textContent = form.dataset.done;
    code.textContent = value;
    code.tabIndex = 0;
    close.className = "button accent";
    close.textContent = form.dataset.close;
    close.addEventListener("click", () => box.close());
    box.addEventListener("close", () => { code.textContent = ""; box.remove(); form.querySelector("[type=submit]").focus(); });
    box.append(words, code, close);
    document.body.append(box);
    box.showModal();
    getSelection().selectAllChildren(code);
  }

  /* One press asks, the second does it; after four seconds the question is taken back. */
  document.addEventListener("click", async (event) => {
    const fill = event.target.closest("[data-fill]");
    if (fill) { const box = fill.closest("form, .panel").querySelector(`input[name="${fill.dataset.fill}"]`); if (box) { write(box, fill.dataset.value); box.focus(); } return; }
    const button = event.target.closest("[data-press]");
    if (!button || button.disabled) return;
    if (!button.dataset.asked) {
      button.dataset.asked = button.textContent;
      button.textContent = button.dataset.sure;
      setTimeout(() => { if (button.dataset.asked) { button.textContent = button.dataset.asked; delete button.dataset.asked; } }, 4000);
      return;
    }
    const label = button.dataset.asked;
    delete button.dataset.asked;
    button.disabled = true;
    button.textContent = words("sending");
    try {
      const body = JSON.parse(button.dataset.fixed || "{}");
      if (button.dataset.method !== "DELETE") body.by = localStorage.getItem(NAME) || body.by;
      await send(button, body);
      tell(words("done"));
      button.disabled = false;
      button.textContent = label;
    } catch (error) { button.disabled = false; button.textContent = label; tell(error.message); }
  });

  /* Dash keeps its own copy of what an input holds: it must hear of a value that comes from here. */
  function write(control, text) {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(control, text);
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
  /* The name last used at this screen stands in every new form, before anybody types. */
  let due = null;
  function prefill() {
    due = null;
    const name = localStorage.getItem(NAME);
    for (const by of document.querySelectorAll('form[data-send] input[name="by"]:not([data-known])')) {
      by.dataset.known = "";
      if (name && !by.value && document.activeElement !== by) write(by, name);
    }
  }
  new MutationObserver(() => { due = due || setTimeout(prefill, 100); }).observe(document.documentElement, { childList: true, subtree: true });
  /* What went through is said beside the page: the form may be drawn anew by what it changed. */
  let told = null;
  function tell(text) {
    const old = document.querySelector(".told");
    if (old) old.remove();
    const place = document.createElement("div");
    place.className = "told";
    place.setAttribute("role", "status");
    document.body.append(place);
    place.textContent = text;
    clearTimeout(told);
    told = setTimeout(() => place.remove(), 6000);
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.cim = Object.assign(window.dash_clientside.cim || {}, {
    /* The home in the address, and the page's look with and without one. */
    home_home: (search) => new URLSearchParams(search || "").get("home"),
    home_shown: (home) => "home-page " + (home ? "show-one" : "show-list"),
    home_search: (text, options) => Object.assign({}, options, { quickFilterText: text || "" }),
    home_go: (rows) => {
      if (rows && rows.length) shell.visit(shell.href({ home: rows[0].id }, "/home"));
      return window.dash_clientside.no_update;
    },
  });
})();
