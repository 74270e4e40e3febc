/* The time bar: draws the strips of the window, drags the playhead, jumps between events, plays.
   The window goes to the server as shell--window; the answer comes back through cim.strips. */
(function () {
  "use strict";
  const HOUR = 3600e3, RANGES = { "24h": 24 * HOUR, "48h": 48 * HOUR, "7d": 168 * HOUR };
  const STEPS = { "24h": 3 * HOUR, "48h": 6 * HOUR, "7d": 24 * HOUR };
  const NS = "http://www.w3.org/2000/svg";
  const shell = window.CimShell;
  const byId = (id) => document.getElementById(id);
  let range = "24h", speed = 60, playing = null, view = null, data = null, dragging = null, moved = 0, asked = 0;

  function playhead() { return dragging !== null ? dragging : shell.at() === null ? view.end : shell.at(); }
  function text(key, values) { return shell.text(key, values); }

  /* The window: its right edge is now, unless the playhead is older than it reaches. */
  function frame(force) {
    const now = shell.serverNow(), span = RANGES[range], at = shell.at();
    let end = now;
    if (at !== null && at < now - span) end = Math.min(now, at + span * 0.4);
    if (at !== null && view && at >= view.start && at <= view.end && view.end - view.start === span) end = view.end;
    const stale = !view || Math.abs(end - view.end) > 60e3 || view.end - view.start !== span;
    if (!stale && !force) { if (at === null && !dragging) { view = { start: now - span, end: now }; } return; }
    view = { start: end - span, end: end };
    if (Date.now() - asked > 500 || force) {
      asked = Date.now();
      shell.set("shell--window", { start: shell.iso(view.start), end: shell.iso(view.end) });
    }
  }

  /* The track in pixels; k is the size of the letters against 16 px, which everything drawn follows. */
  function room(track) {
    const box = track.getBoundingClientRect(), k = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const slim = box.height < 90 * k, narrow = box.width < 520 * k;
    return { width: box.width, height: box.height, x: box.left, left: (slim || narrow ? 12 : 150) * k, right: box.width - 44 * k, slim: slim, narrow: narrow, k: k };
  }

  /* --- drawing ------------------------------------------------------------------------------------- */
  function make(name, attributes, parent, words) {
    const element = document.createElementNS(NS, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (words !== undefined) element.textContent = words;
    if (parent) parent.appendChild(element);
    return element;
  }
  function draw() {
    const track = byId("shell--track");
    if (!track || !view) return;
    const size = room(track), { width, height, left, right, slim, narrow, k } = size;
    if (width < 40) return;
    const base = height - (slim ? 20 : 30) * k, top = (slim ? 6 : 44) * k, eventsAt = (slim ? 12 : 20) * k;
    const x = (ms) => left + (right - left) * (ms - view.start) / (view.end - view.start);
    const svg = make("svg", { width: width, height: height, "aria-hidden": "true" });
    defs(svg);
    if (!slim) lines(svg, x, base, top);
    make("line", { class: "t-axis", x1: left, x2: right, y1: base, y2: base }, svg);
    ticks(svg, x, base, size);
    events(svg, x, eventsAt, size);
    if (data && data.first) before(svg, x, Date.parse(data.first), top, base, size);
    const past = shell.at() !== null || dragging !== null, head = Math.max(left, Math.min(right, x(playhead())));
    if (past) {
      make("rect", { class: "t-after", x: head, y: 0, width: Math.max(0, width - head), height: base }, svg);
      const now = shell.serverNow();
      if (now <= view.end + 60e3) {
        make("line", { class: "t-now", x1: x(Math.min(now, view.end)), x2: x(Math.min(now, view.end)), y1: 4, y2: base }, svg);
      }
      if (!slim && right - head > 260 * k) make("text", { class: "t-future", x: (head + right) / 2, y: (top + base) / 2 + 5 }, svg, text("js.future"));
    }
    make("line", { class: past ? "t-head past" : "t-head", x1: head, x2: head, y1: 4, y2: base }, svg);
    make("circle", { class: past ? "t-head past" : "t-head", cx: head, cy: base, r: 5 * k }, svg);
    make("text", { class: past ? "t-when past" : "t-when", x: head, y: height - (slim ? 4 : 9) * k }, svg, past ? shell.format("minute", playhead()) : text("js.now"));
    if (!slim && !narrow) labels(svg, k);
    track.replaceChildren(svg);
    track.setAttribute("aria-valuenow", Math.round(1000 * (playhead() - view.start) / (view.end - view.start)));
    track.setAttribute("aria-valuetext", past ? shell.day(playhead()) + " " + shell.format("minute", playhead()) : text("when.live"));
    hint(past);
  }
  function defs(svg) {
    const pattern = make("pattern", { id: "t-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, make("defs", {}, svg));
    make("rect", { width: 6, height: 6, class: "t-hatch-ground" }, pattern);
    make("rect", { width: 3, height: 6, class: "t-hatch-line" }, pattern);
  }
  function known(values) { return (values || []).filter((v) => v !== null); }
  function lines(svg, x, base, top) {
    if (!data) return;
    const start = Date.parse(data.start), end = Date.parse(data.end), n = data.power.length, step = (end - start) / n;
    const people = known(data.people), power = known(data.power);
    const peopleMax = Math.max(1, ...people), powerMax = Math.max(1e-9, ...power), powerMin = Math.min(powerMax, ...power);
    const low = Math.max(0, powerMin - (powerMax - powerMin) * 0.5);
    const wide = Math.max(1, x(start + step) - x(start) - 3);
    data.people.forEach((value, i) => {
      const at = x(start + i * step) + 1.5;
      if (value === null && start + (i + 1) * step > shell.serverNow()) return;   // not over yet
      if (value === null) make("rect", { class: "t-gap", x: at, y: base - 5, width: wide, height: 4 }, svg);
      else { const h = (base - top) * 0.62 * value / peopleMax; make("rect", { class: "t-people", x: at, y: base - h, width: wide, height: h }, svg); }
    });
    let path = "", open = false;
    data.power.forEach((value, i) => {
      if (value === null) { open = false; return; }
      const y = base - 8 - (base - top - 8) * (value - low) / (powerMax - low || 1);
      path += (open ? "L" : "M") + x(start + (i + 0.5) * step).toFixed(1) + " " + y.toFixed(1);
      open = true;
    });
    if (path) make("path", { class: "t-power", d: path }, svg);
  }
  function at(values) {
    if (!data || !values || !values.length) return null;
    const start = Date.parse(data.start), end = Date.parse(data.end);
    let i = Math.floor(values.length * (playhead() - start) / (end - start));
    i = Math.min(values.length - 1, i);
    if (i < 0) return null;
    // the newest bucket has only begun: the last full one speaks for live
    return values[i] === null && shell.at() === null && i > 0 ? values[i - 1] : values[i];
  }
  function labels(svg, k) {
    const dash = (value) => value === null ? "—" : Math.round(value).toLocaleString("en-US");
    const count = data ? data.events.filter((event) => Date.parse(event.at) <= playhead()).length : null;
    make("text", { class: "t-label", x: 14 * k, y: 25 * k }, svg, text("js.strip_alarms", { n: dash(count) }));
    make("text", { class: "t-label power", x: 14 * k, y: 64 * k }, svg, text("js.strip_power", { n: dash(at(data && data.power)) }));
    make("text", { class: "t-label people", x: 14 * k, y: 92 * k }, svg, text("js.strip_people", { n: dash(at(data && data.people)) }));
  }
  function ticks(svg, x, base, { height, left, right, slim, narrow, k }) {
    const step = STEPS[range] * (narrow ? 2 : 1), zone = 8 * HOUR;
    const head = x(playhead());
    for (let ms = Math.ceil((view.start + zone) / step) * step - zone; ms <= view.end; ms += step) {
      const midnight = (ms + zone) % (24 * HOUR) === 0, at = x(ms);
      make("line", { class: "t-axis", x1: at, x2: at, y1: base, y2: base + 4 * k }, svg);
      if (at < left + 14 * k || at > right - 8 * k || Math.abs(at - head) < 48 * k) continue;
      make("text", { class: midnight ? "t-tick day" : "t-tick", x: at, y: height - (slim ? 4 : 9) * k }, svg, midnight ? shell.format("date", ms) : shell.format("minute", ms));
    }
  }
  function events(svg, x, y, { left, right, k }) {
    for (const event of (data && data.events) || []) {
      const at = x(Date.parse(event.at));
      if (at < left - 4 || at > right + 4) continue;
      const late = Date.parse(event.at) > playhead() + 1000 ? " late" : "";
      const shape = event.class === "act" ? "M0-6L6.5 5.5H-6.5Z" : event.class === "look" ? "M0-6L6 0L0 6L-6 0Z" : "M-5-5H5V5H-5Z";
      const mark = make("path", { class: "t-event " + event.class + late, d: shape, transform: "translate(" + at.toFixed(1) + " " + y + ") scale(" + k + ")" }, svg);
      make("title", {}, mark, shell.format("minute", Date.parse(event.at)) + " " + event.title);
    }
  }
  function before(svg, x, first, top, base, { left, right, k }) {
    if (first <= view.start) return;
    const edge = Math.min(right, x(first));
    make("rect", { class: "t-gap", x: left, y: base - 6, width: Math.max(0, edge - left), height: 5 }, svg);
    if (edge - left > 240 * k) {
      const words = text("js.no_data_before", { at: shell.format("date", first) + " " + shell.format("minute", first) });
      make("text", { class: "t-future", x: (left + edge) / 2, y: (top + base) / 2 }, svg, words);
    }
  }
  function hint(past) {
    const place = byId("shell--hint");
    const words = past ? text("js.earlier", { span: shell.lasting(shell.serverNow() - playhead()) }) : text("js.drag");
    if (place && place.textContent !== words) place.textContent = words;
    const next = document.querySelector('[data-time="next"]');
    if (next) next.disabled = !past;
  }

  /* --- moving -------------------------------------------------------------------------------------- */
  function instantAt(clientX) {
    const { x, left, right } = room(byId("shell--track"));
    const part = Math.max(0, Math.min(1, (clientX - x - left) / (right - left)));
    return view.start + part * (view.end - view.start);
  }
  document.addEventListener("pointerdown", (event) => {
    const track = event.target.closest && event.target.closest("#shell--track");
    if (!track || event.button !== 0 || !view) return;
    stop();
    track.setPointerCapture(event.pointerId);
    dragging = instantAt(event.clientX);
    draw();
  });
  document.addEventListener("pointermove", (event) => {
    if (dragging === null) return;
    dragging = instantAt(event.clientX);
    draw();
    if (Date.now() - moved > 250) { moved = Date.now(); look(dragging, true); }
  });
  function dropped() {
    if (dragging === null) return;
    const ms = dragging;
    dragging = null;
    look(ms, false);
    draw();
  }
  document.addEventListener("pointerup", dropped);
  document.addEventListener("pointercancel", dropped);
  function look(ms, replace) {
    const close = (view.end - view.start) / 400;
    shell.goto(ms > shell.serverNow() - close ? null : Math.round(ms / 1000) * 1000, replace);
  }
  document.addEventListener("keydown", (event) => {
    if (!event.target.closest || !event.target.closest("#shell--track") || !view) return;
    const step = (view.end - view.start) / 72;
    const moves = { ArrowLeft: playhead() - step, ArrowRight: playhead() + step, PageUp: playhead() - 6 * step, PageDown: playhead() + 6 * step, Home: view.start, End: shell.serverNow() };
    if (!(event.key in moves)) return;
    event.preventDefault();
    look(moves[event.key], true);
  });

  function jump(direction) {
    const here = playhead(), times = ((data && data.events) || []).map((event) => Date.parse(event.at)).sort((a, b) => a - b);
    const found = direction < 0 ? times.filter((ms) => ms < here - 1000).pop() : times.find((ms) => ms > here + 1000);
    if (found !== undefined) look(found, false);
    else look(direction < 0 ? view.start : shell.serverNow(), false);
  }
  function play() {
    if (playing) { stop(); return; }
    if (shell.at() === null) shell.goto(view.start, false);
    playing = setInterval(() => {
      if (shell.at() === null) { stop(); return; }
      shell.goto(shell.at() + speed * 1000, true);
    }, 1000);
    mark();
  }
  function stop() { if (playing) clearInterval(playing); playing = null; mark(); }
  function mark() {
    const button = document.querySelector('[data-time="play"]');
    if (!button) return;
    button.classList.toggle("playing", Boolean(playing));
    button.setAttribute("aria-pressed", playing ? "true" : "false");
  }
  function pick() {
    const input = document.createElement("input");
    input.type = "datetime-local";
    input.className = "picker";
    input.setAttribute("aria-label", text("js.pick"));
    input.value = shell.iso(playhead()).slice(0, 16);
    input.max = shell.iso(shell.serverNow()).slice(0, 16);
    const left = document.querySelector(".time-buttons");
    const old = left.querySelector(".picker");
    if (old) { old.remove(); return; }
    left.appendChild(input);
    input.addEventListener("change", () => { const ms = Date.parse(input.value + ":00+08:00"); if (!isNaN(ms)) look(ms, false); });
    input.addEventListener("keydown", (event) => { if (event.key === "Escape" || event.key === "Enter") input.remove(); });
    input.focus();
  }
  document.addEventListener("click", (event) => {
    const there = event.target.closest("[data-goto]");
    if (there) { shell.goto(Date.parse(there.dataset.goto)); return; }
    const button = event.target.closest("button[data-time]");
    if (!button) return;
    const name = button.dataset.time;
    if (name !== "play") stop();
    if (name === "previous") jump(-1);
    if (name === "next") jump(1);
    if (name === "play") play();
    if (name === "pick") pick();
    if (name === "live") shell.goto(null);
  });
  document.addEventListener("change", (event) => {
    const name = event.target.dataset && event.target.dataset.time;
    if (name === "range") { range = event.target.value; frame(true); draw(); }
    if (name === "speed") speed = Number(event.target.value);
  });

  /* --- keeping up ---------------------------------------------------------------------------------- */
  function refresh() {
    if (!byId("shell--track")) return;
    frame(false);
    if (dragging === null) draw();
  }
  shell.onLook((ms) => { if (ms === null) stop(); refresh(); });
  shell.onTick(refresh);
  let seen = null;
  const sizes = new ResizeObserver(() => draw());
  new MutationObserver(() => {
    const track = byId("shell--track");
    if (track === seen) return;
    if (seen) sizes.unobserve(seen);
    seen = track;
    if (!track) return;
    sizes.observe(track);
    const choice = document.querySelector('select[data-time="range"]'), fast = document.querySelector('select[data-time="speed"]');
    if (choice) choice.value = range;
    if (fast) fast.value = String(speed);
    frame(true);
    draw();
  }).observe(document.documentElement, { childList: true, subtree: true });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.cim = Object.assign(window.dash_clientside.cim || {}, {
    strips: function (answer) { data = answer || null; draw(); return window.dash_clientside.no_update; },
  });
})();
