/* The time bar: draws the strips of the window, drags the playhead, jumps between events.
   The window goes to the server as shell--window; the answer comes back through cim.strips. 31_play.js plays it. */
(function () {
  "use strict";
  const HOUR = 3600e3, DAY = 24 * HOUR, RANGES = { "24h": DAY, "48h": 2 * DAY, "7d": 7 * DAY, "30d": 30 * DAY, "1y": 365 * DAY };
  const STEPS = { "24h": 3 * HOUR, "48h": 6 * HOUR, "7d": DAY, "30d": 5 * DAY, "1y": 30 * DAY };
  const ALARMS = new Set(["alert", "alarm"]);
  const SHAPES = { act: "M0-6L6.5 5.5H-6.5Z", look: "M0-6L6 0L0 6L-6 0Z", blind: "M-5-5H5V5H-5Z", lost: "M-5-5L5 5M5-5L-5 5" };
  const NS = "http://www.w3.org/2000/svg";
  const shell = window.CimShell;
  const byId = (id) => document.getElementById(id);
  let range = "24h", view = null, data = null, dragging = null, gliding = null, moved = 0, asked = 0;

  /* Where the hand holds it, where the play has come to, what the address says, or now. */
  function playhead() { return dragging !== null ? dragging : gliding !== null ? gliding : shell.at() === null ? view.end : shell.at(); }
  function text(key, values) { return shell.text(key, values); }

  /* The window: its right edge is now, unless the playhead is older than it reaches. */
  function frame(force) {
    const now = shell.serverNow(), span = RANGES[range], at = shell.at() === null ? null : playhead();
    let end = now;
    if (at !== null && at < now - span) end = Math.min(now, at + span * 0.4);
    if (at !== null && view && at >= view.start && at <= view.end && view.end - view.start === span) end = view.end;
    const stale = !view || Math.abs(end - view.end) > span / 1440 || view.end - view.start !== span;
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
    parts = { x: x, left: left, right: right, width: width };
    if (past) {
      parts.after = make("rect", { class: "t-after", x: head, y: 0, width: Math.max(0, width - head), height: base }, svg);
      const now = shell.serverNow();
      if (now <= view.end + 60e3) {
        make("line", { class: "t-now", x1: x(Math.min(now, view.end)), x2: x(Math.min(now, view.end)), y1: 4, y2: base }, svg);
      }
      if (!slim && right - head > 260 * k) make("text", { class: "t-future", x: (head + right) / 2, y: (top + base) / 2 + 5 }, svg, text("js.future"));
    }
    parts.line = make("line", { class: past ? "t-head past" : "t-head", x1: head, x2: head, y1: 4, y2: base }, svg);
    parts.knob = make("circle", { class: past ? "t-head past" : "t-head", cx: head, cy: base, r: 5 * k }, svg);
    parts.when = make("text", { class: past ? "t-when past" : "t-when", x: Math.max(head, left + 20 * k), y: height - (slim ? 4 : 9) * k }, svg, past ? when(playhead()) : text("js.now"));
    if (!slim && !narrow) labels(svg, k);
    track.replaceChildren(svg);
    track.setAttribute("aria-valuenow", Math.round(1000 * (playhead() - view.start) / (view.end - view.start)));
    track.setAttribute("aria-valuetext", past ? shell.day(playhead()) + " " + shell.format("minute", playhead()) : text("when.live"));
    hint(past);
  }
  function when(ms) { return RANGES[range] > 8 * DAY ? shell.format("date", ms) + " " + shell.format("minute", ms) : shell.format("minute", ms); }
  /* While it plays only the head moves; the strips are drawn anew when the screen has come to another instant. */
  let parts = null;
  function glide(ms) {
    gliding = ms;
    if (ms === null || !parts || !parts.after || !parts.line.isConnected) { if (view) draw(); return; }
    const head = Math.max(parts.left, Math.min(parts.right, parts.x(ms)));
    if (Math.abs(head - Number(parts.line.getAttribute("x1"))) < 0.5) return;
    parts.line.setAttribute("x1", head); parts.line.setAttribute("x2", head);
    parts.knob.setAttribute("cx", head); parts.when.setAttribute("x", head);
    parts.after.setAttribute("x", head); parts.after.setAttribute("width", Math.max(0, parts.width - head));
    if (parts.when.textContent !== when(ms)) parts.when.textContent = when(ms);
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
    const count = data && data.first && (data.judged || data.events.some((event) => ALARMS.has(event.kind))) ? data.events.filter((event) => ALARMS.has(event.kind) && Date.parse(event.at) <= playhead()).reduce((n, event) => n + event.n, 0) : null;
    make("text", { class: "t-label", x: 14 * k, y: 25 * k }, svg, text("js.strip_alarms", { n: dash(count) }));
    make("text", { class: "t-label power", x: 14 * k, y: 64 * k }, svg, text("js.strip_power", { n: dash(at(data && data.power)) }));
    make("text", { class: "t-label people", x: 14 * k, y: 92 * k }, svg, text("js.strip_people", { n: dash(at(data && data.people)) }));
  }
  function ticks(svg, x, base, { height, left, right, slim, narrow, k }) {
    const step = STEPS[range] * (narrow ? 2 : 1), zone = 8 * HOUR;
    const head = x(playhead());
    let told = -Infinity; /* where the last one was written: on a phone's short line every second one has room */
    for (let ms = Math.ceil((view.start + zone) / step) * step - zone; ms <= view.end; ms += step) {
      const midnight = (ms + zone) % DAY === 0, at = x(ms), room = step >= DAY ? 64 : 48;
      make("line", { class: "t-axis", x1: at, x2: at, y1: base, y2: base + 4 * k }, svg);
      if (at < left + 14 * k || at > right - 8 * k || Math.abs(at - head) < room * k * (RANGES[range] > 8 * DAY ? 1.5 : 1) || at - told < 44 * k) continue;
      told = at;
      make("text", { class: midnight ? "t-tick day" : "t-tick", x: at, y: height - (slim ? 4 : 9) * k }, svg, midnight ? shell.format("date", ms) : shell.format("minute", ms));
    }
  }
  function events(svg, x, y, { left, right, slim, k }) {
    for (const event of (data && data.events) || []) {
      const at = x(Date.parse(event.at));
      if (at < left - 4 || at > right + 4) continue;
      const late = Date.parse(event.at) > playhead() + 1000 ? " late" : "";
      if (event.kind === "records") {   // every day some: a quiet tick under the marks
        if (!slim) make("title", {}, make("rect", { class: "t-event records" + late, x: at - 2 * k, y: y + 11 * k, width: 4 * k, height: 3 * k }, svg), said(event));
        continue;
      }
      const mark = make("path", { class: "t-event " + event.class + late, d: SHAPES[event.class] || SHAPES.blind, transform: "translate(" + at.toFixed(1) + " " + y + ") scale(" + k + ")" }, svg);
      make("title", {}, mark, said(event));
    }
  }
  function said(event) { return shell.date(Date.parse(event.at)) + " " + shell.format("minute", Date.parse(event.at)) + " " + words(event); }
  function words(event) {
    if (event.kind === "source") return text("js.strip_lost", { what: event.title });
    if (event.kind !== "records") return event.n > 1 ? text("js.strip_more", { what: event.title, n: event.n }) : event.title;
    return text(event.n > 1 ? "js.strip_records_more" : "js.strip_records", { what: event.title, n: event.n });
  }
  function before(svg, x, first, top, base, { left, right, k }) {
    if (first <= view.start) return;
    const edge = Math.min(right, x(first));
    make("rect", { class: "t-gap", x: left, y: base - 6, width: Math.max(0, edge - left), height: 5 }, svg);
    if (edge - left > 240 * k) {
      const words = text("js.no_data_before", { at: shell.date(first) + " " + shell.format("minute", first) });
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
    window.CimPlay.stop();
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
    const here = playhead(), times = ((data && data.events) || []).filter((event) => event.kind !== "records").map((event) => Date.parse(event.at)).sort((a, b) => a - b);
    const found = direction < 0 ? times.filter((ms) => ms < here - 1000).pop() : times.find((ms) => ms > here + 1000);
    if (found !== undefined) look(found, false);
    else look(direction < 0 ? view.start : shell.serverNow(), false);
  }
  function pick() {
    const input = document.createElement("input");
    input.type = "datetime-local";
    input.className = "picker";
    input.setAttribute("aria-label", text("js.pick"));
    input.value = shell.iso(playhead()).slice(0, 16);
    input.max = shell.iso(shell.serverNow()).slice(0, 16);
    if (data && data.first) input.min = shell.iso(Date.parse(data.first)).slice(0, 16);
    const left = document.querySelector(".time-buttons");
    const old = left.querySelector(".picker");
    if (old) { old.remove(); return; }
    left.appendChild(input);
    input.addEventListener("change", () => { const ms = Date.parse(input.value + ":00+08:00"); if (!isNaN(ms)) look(ms, false); });
    input.addEventListener("keydown", (event) => { if (event.key === "Escape" || event.key === "Enter") input.remove(); });
    input.focus();
  }
  /* The address of what is seen now, also while live. Without permission for the clipboard it stands there to be copied. */
  function share(button) {
    const link = new URL(shell.href({ at: shell.iso(playhead()) }), location.href).href;
    const old = document.querySelector(".time-share");
    if (old) { old.remove(); return; }
    const box = document.createElement("div"), input = document.createElement("input"), said = document.createElement("span");
    box.className = "time-share";
    box.setAttribute("role", "status");
    input.readOnly = true;
    input.value = link;
    input.setAttribute("aria-label", text("js.share_by_hand"));
    box.append(said, input);
    button.closest(".time-buttons").append(box);
    const close = () => box.remove();
    const copied = (done) => { said.textContent = text(done ? "js.shared" : "js.share_by_hand"); box.toggleAttribute("data-done", done); if (done) setTimeout(close, 4000); };
    input.addEventListener("focus", () => input.select());
    input.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    input.addEventListener("blur", () => setTimeout(close, 200));
    input.focus();
    const byHand = () => { input.select(); let done = false; try { done = document.execCommand("copy"); } catch { done = false; } copied(done); };
    if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(link).then(() => copied(true), byHand);
    else byHand();
  }
  document.addEventListener("click", (event) => {
    const there = event.target.closest("[data-goto]");
    if (there) { shell.goto(Date.parse(there.dataset.goto)); return; }
    const known = event.target.closest("[data-known]");
    if (known) document.body.toggleAttribute("data-known-now", known.dataset.known === "now");
    const button = event.target.closest("button[data-time]");
    if (!button) return;
    const name = button.dataset.time;
    if (name !== "play" && name !== "share") window.CimPlay.stop();
    if (name === "previous") jump(-1);
    if (name === "next") jump(1);
    if (name === "play") window.CimPlay.toggle(() => view.start);
    if (name === "pick") pick();
    if (name === "share") share(button);
    if (name === "compare") window.CimBeside.toggle();
    if (name === "live") shell.visit(shell.href({ at: null, with: null }));
  });
  document.addEventListener("change", (event) => {
    const name = event.target.dataset && event.target.dataset.time;
    if (name === "range") { range = event.target.value; data = null; frame(true); draw(); }
    if (name === "speed") window.CimPlay.speed(Number(event.target.value));
  });

  /* --- keeping up ---------------------------------------------------------------------------------- */
  function refresh() {
    if (!byId("shell--track")) return;
    frame(false);
    if (dragging === null) draw();
  }
  shell.onLook(refresh);
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
    if (fast) fast.value = String(window.CimPlay.speed());
    frame(true);
    draw();
  }).observe(document.documentElement, { childList: true, subtree: true });

  window.CimTime = { glide: glide, mark: () => { if (view) draw(); } };
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.cim = Object.assign(window.dash_clientside.cim || {}, {
    strips: function (answer) { data = answer || null; draw(); return window.dash_clientside.no_update; },
  });
})();
