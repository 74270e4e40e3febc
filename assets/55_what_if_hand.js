/* What the what-if page takes by hand: a question asked beside a button, and a pin that is taken hold of and carried, by
   mouse, finger or arrow keys. Nothing here knows what is carried; assets/55_what_if.js says. */
(function () {
  "use strict";
  const FAR_PX = 6, STEP_M = 20, FINE_M = 5;
  const AFTER_MS = 80; // a click that ends a carrying is no press
  let asked = null; // the question on the screen

  /* --- asking beside a button: {label, value, kind, ok, cancel, send(value) -> what is wrong, or nothing} ------ */
  function ask(button, said) {
    close();
    const form = document.createElement("form"), head = document.createElement("label"), wrong = document.createElement("p");
    form.className = "what-if-asked";
    form.noValidate = true;
    head.append(said.label);
    let input = null;
    if (said.kind !== "sure") {
      input = document.createElement("input");
      input.value = said.value || "";
      if (said.kind === "number") input.inputMode = "numeric"; else input.maxLength = 40;
      head.append(input);
    }
    wrong.className = "field-wrong";
    wrong.setAttribute("role", "alert");
    const row = document.createElement("div"), yes = document.createElement("button"), no = document.createElement("button");
    row.className = "buttons";
    yes.type = "submit"; yes.className = "button primary"; yes.textContent = said.ok;
    no.type = "button"; no.className = "button"; no.textContent = said.cancel;
    no.addEventListener("click", close);
    row.append(yes, no);
    form.append(head, wrong, row);
    form.setAttribute("role", "dialog");
    form.setAttribute("aria-label", said.label);
    form.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.stopPropagation(); close(); } });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      yes.disabled = true;
      const problem = await said.send(input ? input.value : "");
      yes.disabled = false;
      if (asked !== form) return;
      if (!problem) { close(); return; }
      wrong.textContent = problem;
      if (input) { input.setAttribute("aria-invalid", "true"); input.focus(); }
    });
    document.body.append(form);
    const at = button.getBoundingClientRect(), own = form.getBoundingClientRect();
    form.style.left = Math.max(8, Math.min(window.innerWidth - own.width - 8, at.right - own.width)) + "px";
    form.style.top = Math.max(8, at.bottom + own.height + 8 > window.innerHeight ? at.top - own.height - 6 : at.bottom + 6) + "px";
    asked = form;
    asked.from = button;
    (input || yes).focus();
    if (input) input.select();
  }
  function close() {
    if (!asked) return;
    const from = asked.from;
    asked.remove();
    asked = null;
    if (from && from.isConnected) from.focus({ preventScroll: true });
  }
  document.addEventListener("pointerdown", (event) => { if (asked && !asked.contains(event.target)) close(); }, true);

  /* --- carrying a pin: {may(id), where(id), start(id), to(id, [x, y]), drop(id, [x, y]), cancel(id)}, metres ----- */
  function carry(place, hand) {
    let held = null, carried = -1; // {id, root, from, off, moved, spot}; when the last one was let go
    place.addEventListener("click", (event) => { if (performance.now() - carried < AFTER_MS) event.stopPropagation(); }, true);
    place.addEventListener("pointerdown", (event) => {
      const root = event.target.closest("[data-drag]");
      if (!root || event.button > 0 || !event.isPrimary || !hand.may(root.dataset.drag)) return;
      event.stopPropagation(); // the map stays where it is
      held = { id: root.dataset.drag, root, from: [event.clientX, event.clientY], off: [0, 0], moved: false, spot: null };
      const under = window.CimMap.spotAt(event.clientX, event.clientY), stands = hand.where(held.id);
      if (under && stands) held.off = [stands[0] - under[0], stands[1] - under[1]]; // its name floats above where it stands
      root.setPointerCapture(event.pointerId);
    }, true);
    place.addEventListener("pointermove", (event) => {
      if (!held) return;
      event.stopPropagation();
      if (!held.moved && Math.hypot(event.clientX - held.from[0], event.clientY - held.from[1]) < FAR_PX) return;
      if (!held.moved) { held.moved = true; held.root.classList.add("cim-pin--held"); hand.start(held.id); }
      const under = window.CimMap.spotAt(event.clientX, event.clientY);
      if (under) held.spot = [under[0] + held.off[0], under[1] + held.off[1]];
      if (held.spot) hand.to(held.id, held.spot);
    }, true);
    const end = (event, dropped) => {
      if (!held) return;
      event.stopPropagation();
      const { id, root, moved, spot } = held;
      held = null;
      root.classList.remove("cim-pin--held");
      if (!moved) return;
      carried = performance.now();
      if (dropped && spot) hand.drop(id, spot); else hand.cancel(id);
    };
    place.addEventListener("pointerup", (event) => end(event, true), true);
    place.addEventListener("pointercancel", (event) => end(event, false), true);
    document.addEventListener("keydown", (event) => {
      if (held && held.moved && event.key === "Escape") end(event, false);
    }, true);
  }

  /* Where an arrow key leads from a spot; null for any other key. */
  function stepped(event, [x, y]) {
    const by = event.shiftKey ? FINE_M : STEP_M;
    const way = { ArrowUp: [0, by], ArrowDown: [0, -by], ArrowLeft: [-by, 0], ArrowRight: [by, 0] }[event.key];
    return way ? [x + way[0], y + way[1]] : null;
  }

  window.CimWhatIfHand = { ask, close, carry, stepped };
})();
