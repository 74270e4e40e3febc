/* Two instants beside each other: a line over the map, the earlier instant at its left, the later one at its right.
   The address says which (?at=…&with=…|now), so that a link shows the same; the line is dragged, or moved by arrows. */
(function () {
  "use strict";
  const shell = window.CimShell, DAY = 24 * 3600e3;
  let line = null, share = 0.5, asked = null;

  /* Beside now, or beside the day before when now is looked at; pressed again, alone. */
  function toggle() {
    if (shell.other() !== undefined) { shell.visit(shell.href({ with: null })); return; }
    const at = shell.at();
    shell.visit(shell.href(at === null ? { at: shell.iso(shell.serverNow() - DAY), with: "now" } : { with: "now" }));
  }
  function sides() {
    const at = shell.at(), other = shell.other();
    const a = at === null ? Infinity : at, b = other === null ? Infinity : other;
    return { at: at, other: other, otherLeft: b < a };
  }
  function looked() {
    const on = shell.other() !== undefined;
    document.body.toggleAttribute("data-with", on);
    const button = document.querySelector('[data-time="compare"]');
    if (button) button.setAttribute("aria-pressed", on ? "true" : "false");
    const place = document.querySelector(".overview .map-place");
    if (!on || !place) { if (line) { line.remove(); line = null; } tell(undefined); return; }
    if (!line || !line.isConnected) build(place);
    label();
    const { other, otherLeft } = sides();
    tell(other === null ? null : shell.iso(other), otherLeft);
  }
  /* The map is told once it is there, and of now again as now goes on. */
  function tell(at, isLeft) {
    if (!window.CimMap) return;
    const words = JSON.stringify([at === undefined ? 0 : at, isLeft]);
    if (words === asked) return;
    asked = words;
    if (window.CimMap.stats().buildings) window.CimMap.setOther(at, isLeft);
    else asked = null;
    if (at !== undefined) move(share);
  }
  function build(place) {
    const text = shell.text;
    line = document.createElement("div");
    line.className = "beside-line";
    line.innerHTML = '<div class="beside-tags"><span class="beside-tag left"></span><span class="beside-tag right"></span></div>' +
      '<div class="beside-grip" role="slider" tabindex="0" aria-valuemin="0" aria-valuemax="100"><i class="icon icon-split" aria-hidden="true"></i></div>';
    const grip = line.querySelector(".beside-grip");
    grip.setAttribute("aria-label", text("js.beside_line"));
    place.parentElement.append(line);
    const box = free(place);
    move((box.left + box.right) / 2 / place.clientWidth);
    let held = false;
    grip.addEventListener("pointerdown", (event) => { held = true; grip.setPointerCapture(event.pointerId); event.preventDefault(); grip.focus(); });
    grip.addEventListener("pointermove", (event) => { if (held) move((event.clientX - place.getBoundingClientRect().left) / place.clientWidth); });
    for (const end of ["pointerup", "pointercancel"]) grip.addEventListener(end, () => { held = false; });
    grip.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -0.02, ArrowRight: 0.02, PageUp: -0.1, PageDown: 0.1 }[event.key];
      if (by) { event.preventDefault(); move(share + by); }
    });
  }
  /* What the panels leave free of the map, in pixels. */
  function free(place) {
    const edge = (query) => { const e = document.querySelector(query); return e && e.getBoundingClientRect(); };
    const box = place.getBoundingClientRect(), left = edge(".column.left"), right = edge(".column.right");
    return { left: left ? left.right - box.left : 0, right: right && right.left > box.left ? right.left - box.left : box.width };
  }
  function move(to) {
    const place = document.querySelector(".overview .map-place");
    if (!line || !place) return;
    const box = free(place), width = place.clientWidth;
    share = Math.max((box.left + 24) / width, Math.min((box.right - 24) / width, to));
    line.style.left = (share * 100).toFixed(2) + "%";
    const grip = line.querySelector(".beside-grip");
    grip.setAttribute("aria-valuenow", Math.round(share * 100));
    if (window.CimMap) window.CimMap.setSplit(share);
  }
  function label() {
    const { at, other, otherLeft } = sides();
    const [left, right] = otherLeft ? [other, at] : [at, other];
    const words = (ms) => (ms === null ? shell.text("js.now") : shell.date(ms) + " " + shell.format("minute", ms));
    write(line.querySelector(".left"), words(left), otherLeft);
    write(line.querySelector(".right"), words(right), !otherLeft);
  }
  /* The other instant can be chosen anew, the one looked at moves with the time bar. */
  function write(tag, words, isOther) {
    const key = words + isOther;
    if (tag.dataset.key === key) return;
    tag.dataset.key = key;
    tag.replaceChildren();
    tag.classList.toggle("is-other", isOther);
    const said = document.createElement(isOther ? "button" : "b");
    said.textContent = words;
    tag.append(said);
    if (!isOther) return;
    said.title = shell.text("js.beside_choose");
    said.addEventListener("click", () => choose(tag));
    const end = document.createElement("button");
    end.className = "beside-end";
    end.setAttribute("aria-label", shell.text("js.beside_end"));
    end.title = shell.text("js.beside_end");
    end.innerHTML = '<i class="icon icon-close" aria-hidden="true"></i>';
    end.addEventListener("click", () => shell.visit(shell.href({ with: null })));
    tag.append(end);
  }
  function choose(tag) {
    const old = tag.querySelector("input");
    if (old) { old.remove(); tag.querySelectorAll(".beside-take").forEach((one) => one.remove()); return; }
    const input = document.createElement("input"), other = shell.other();
    input.type = "datetime-local";
    input.value = shell.iso(other === null ? shell.serverNow() - DAY : other).slice(0, 16);
    input.max = shell.iso(shell.serverNow()).slice(0, 16);
    input.setAttribute("aria-label", shell.text("js.beside_choose"));
    const take = () => { const ms = Date.parse(input.value + ":00+08:00"); if (!isNaN(ms)) shell.visit(shell.href({ with: ms >= shell.serverNow() ? "now" : shell.iso(ms) })); };
    input.addEventListener("change", take);
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") take(); if (event.key === "Escape") choose(tag); });
    const now = document.createElement("button");
    now.className = "beside-take";
    now.textContent = shell.text("js.beside_now");
    now.addEventListener("click", () => shell.visit(shell.href({ with: "now" })));
    tag.insertBefore(input, tag.lastChild);
    tag.insertBefore(now, tag.lastChild);
    input.focus();
  }
  shell.onLook(looked);
  /* A page, a language or a map that has just come; and now, which goes on. */
  let fresh = 0;
  shell.onTick(() => {
    if (shell.other() === undefined && !line) return;
    if (shell.other() === null && Date.now() - fresh > 20000 && !document.body.hasAttribute("data-playing")) { fresh = Date.now(); asked = null; }
    looked();
  });
  window.CimBeside = { toggle: toggle };
})();
