/* A wall in the browser: shows follow each other, answers are asked for and put in place, ages tick. Runs only on the
   page of a wall (cockpit/walls.py); what keeps it alive is 70_wall_life.js, the map 70_wall_map.js. No Dash here.
   ?speed=10 lets a trial run pass faster: rotation, asking, reporting and burn-in shift, but not the ages of data. */
(function () {
  "use strict";
  const root = document.documentElement;
  if (!root.dataset.wall) return;
  const wall = JSON.parse(root.dataset.wall), query = new URLSearchParams(location.search);
  const SPEED = Math.max(1, Math.min(60, Number(query.get("speed")) || 1));
  const ASK_MS = 5000 / SPEED, SLOW_MS = 60000 / SPEED, LATE_MS = 8000, RETRY_MS = 1500, GIVE_UP_MS = 12000;
  const past = query.get("at");
  const byId = (id) => document.getElementById(id);
  const listeners = { show: [], answer: [], lost: [], back: [], take: [] };
  const tell = (name, value) => { for (const fn of listeners[name]) fn(value); };

  let offset = 0;               // server clock minus this computer's, ms
  let updated = 0;              // when the last answer came, by performance.now()
  let dataAt = 0;               // the instant the last answer is of, ms
  let lost = false, number = 0, begun = 0, shape = "", taken = "", asking = 0;
  const parts = new Map();      // name -> {key, element}
  const counts = { answers: 0, failures: 0, outages: 0, longest_back_ms: 0, shows: 0 };

  /* --- words ------------------------------------------------------------------------------------------------- */
  function text(key, values) {
    let words = wall.texts[key] || "";
    for (const name in values || {}) words = words.replace("{" + name + "}", values[name]);
    return words;
  }
  const ZONE = "Asia/Shanghai", formats = {};
  function format(name, ms) {
    if (!formats[name]) {
      const how = { clock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
        second: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
        date: { month: wall.lang === "en" ? "short" : "long", day: "numeric" }, weekday: { weekday: "short" } }[name];
      formats[name] = new Intl.DateTimeFormat(wall.lang === "en" ? "en-GB" : "zh-CN", { timeZone: ZONE, ...how });
    }
    return formats[name].format(ms);
  }
  const day = (ms) => (wall.lang === "en" ? [format("weekday", ms), format("date", ms)] : [format("date", ms), format("weekday", ms)]).join(" ");
  function ago(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    for (const [size, unit] of [[86400, "day"], [3600, "hour"], [60, "minute"]]) {
      if (s >= size) return text("ago." + unit, { n: Math.floor(s / size) });
    }
    return s >= 1 ? text("ago.second", { n: s }) : text("ago.now");
  }
  function elapsed(ms) {
    const s = Math.max(0, Math.floor(ms / 1000)), two = (n) => String(n).padStart(2, "0"), h = Math.floor(s / 3600);
    return (h ? h + ":" : "") + two(Math.floor((s % 3600) / 60)) + ":" + two(s % 60);
  }
  const left = (ms) => (ms >= 0 ? elapsed(ms) : text("wall.staff.over", { n: elapsed(-ms) }));
  const write = (element, words) => { if (element && element.textContent !== words) element.textContent = words; };
  const now = () => (past ? dataAt : Date.now() + offset);
  const age = () => (updated ? performance.now() - updated : Infinity);

  /* --- what stands where --------------------------------------------------------------------------------------- */
  function shapeNow() {
    const ratio = innerWidth / Math.max(1, innerHeight);
    return ratio >= 2.6 ? "wide" : ratio < 1 ? "portrait" : "landscape";
  }
  const showNow = () => wall.shows[number % wall.shows.length];
  function element(name) {
    if (!parts.has(name)) {
      const section = document.createElement("section");
      section.className = "wall-part";
      section.dataset.part = name;
      parts.set(name, { key: "", element: section });
    }
    return parts.get(name).element;
  }
  function place() {
    const show = showNow(), regions = show.regions[shape], stage = byId("wall-show");
    root.dataset.shape = shape;
    root.dataset.show = show.name;
    root.toggleAttribute("data-map-off", !show.map);
    stage.replaceChildren(...Object.keys(regions).filter((region) => regions[region].length).map((region) => {
      const place = document.createElement("div");
      place.className = "wall-region wall-" + region;
      place.append(...regions[region].map(element));
      return place;
    }));
    fit();
    tell("show", show);
  }
  /* Rows that find no room are left out whole: nothing is cut through the middle, and a wall has no scroll bar. */
  function fit() {
    for (const region of document.querySelectorAll(".wall-region")) {
      for (const part of region.children) part.hidden = false;
      const lists = region.querySelectorAll(".wall-list, .wall-lines, .wall-incidents");
      for (const row of region.querySelectorAll(":is(.wall-list, .wall-lines, .wall-incidents) > li[hidden]")) row.hidden = false;
      for (const list of Array.from(lists).reverse()) {
        const rows = Array.from(list.children);
        while (rows.length > 2 && over(region)) rows.pop().hidden = true;
        const last = rows[rows.length - 1];
        if (last && last.classList.contains("wall-day")) last.hidden = true;
      }
      drop(region);
    }
  }
  /* What still finds no room under the rows that are left goes as a whole. */
  function drop(region) {
    const found = Array.from(region.children);
    while (found.length > 1 && region.scrollHeight > region.clientHeight + 1) found.pop().hidden = true;
  }
  const over = (region) => region.scrollHeight > region.clientHeight + 1 ||
    Array.from(region.querySelectorAll(".wall-panel, .panel")).some((panel) => panel.scrollHeight > panel.clientHeight + 1);
  function turn() {
    if (wall.shows.length < 2 || taken || Date.now() - begun < (showNow().last * 1000) / SPEED) return;
    number = (number + 1) % wall.shows.length;
    begun = Date.now();
    counts.shows++;
    place();
  }
  function reshape() {
    if (shapeNow() === shape) return;
    shape = shapeNow();
    place();
  }

  /* --- answers --------------------------------------------------------------------------------------------------- */
  function put(answer) {
    let fresh = false;
    for (const name in answer.parts) {
      const [key, html] = answer.parts[name], known = (element(name), parts.get(name));
      if (known.key === key || html === null) continue;
      known.key = key;
      known.element.innerHTML = html; // drawn and escaped by the server, from its own views
      fresh = true;
    }
    if (answer.head) head(answer.head);
    if (answer.takeover) take(answer.takeover);
    if (fresh) { fit(); tick(); }
  }
  function head(said) {
    const name = (wall.lang === "en" && said.name_en) || said.name;
    if (name) write(byId("wall-name"), name);
    wall.place = said.at;
    write(byId("wall-residents"), said.people && wall.audience === "public" ? text("wall.residents", { n: said.people.toLocaleString("en") }) : "");
  }
  /* An incident takes the wall over until somebody acknowledges it; then the shows go on where they were. */
  function take([key, html]) {
    const place = byId("wall-take"), before = taken;
    if (key === taken || (!html && !taken)) return;
    taken = html ? key : "";
    place.innerHTML = html;
    place.hidden = !html;
    root.toggleAttribute("data-taken", Boolean(html));
    if (!html) begun = Date.now();
    const incident = place.firstElementChild;
    if (Boolean(before) !== Boolean(taken) || (incident && incident.dataset.incident !== wall.incident)) {
      wall.incident = incident ? incident.dataset.incident : null;
      tell("take", incident ? incident.dataset.building : null);
    }
    tick();
  }
  async function ask(slow) {
    const stop = new AbortController(), late = setTimeout(() => stop.abort(), GIVE_UP_MS);
    const known = Array.from(parts, ([name, part]) => (part.key ? name + ":" + part.key : "")).filter(Boolean).join(",");
    const asked = new URLSearchParams({ lang: wall.lang, k: known });
    if (slow) asked.set("slow", "true");
    if (past) asked.set("at", past);
    asking++;
    try {
      const answer = await fetch(wall.base + "/answers?" + asked, { signal: stop.signal, credentials: "same-origin", cache: "no-store" });
      if ([401, 403, 404].includes(answer.status)) { tell("answer", { refused: answer.status }); return; }
      if (!answer.ok) throw new Error("HTTP " + answer.status);
      const said = await answer.json();
      heard(said, slow);
    } catch (error) {
      counts.failures++;
    } finally {
      clearTimeout(late);
      asking--;
    }
  }
  function heard(said, slow) {
    dataAt = Date.parse(said.at);
    const drift = dataAt - Date.now();
    offset = Math.abs(drift - offset) > 2000 ? drift : offset + (drift - offset) * 0.2;
    updated = performance.now();
    counts.answers++;
    put(said);
    if (lost) {
      lost = false;
      root.removeAttribute("data-offline");
      setTimeout(ask, 0, true);
      tell("back");
    }
    state();
    if (!slow) tell("answer", said);
  }

  /* --- every second ------------------------------------------------------------------------------------------------ */
  function state() {
    const words = lost ? text("wall.offline") + " · " + text("wall.since", { at: format("clock", now() - age()) }) + " · " + ago(age())
      : text("wall.updated", { ago: ago(age()) });
    if (updated || lost) write(byId("wall-state"), words);
  }
  function tick() {
    const at = now();
    if (!updated && !lost) return;
    write(byId("wall-day"), day(at));
    write(byId("wall-clock"), format("clock", at));
    for (const one of document.querySelectorAll("time[data-age]")) {
      const then = Date.parse(one.dateTime), form = one.dataset.age;
      write(one, form === "clock" ? elapsed(at - then) : form === "left" ? left(then - at) : form === "lasting" ? elapsed(at - then) : ago(at - then));
    }
    state();
  }
  function beat() {
    reshape();
    turn();
    if (!lost && age() > LATE_MS && performance.now() > LATE_MS) {
      lost = true;
      counts.outages++;
      root.setAttribute("data-offline", "");
      tell("lost");
    }
    tick();
  }
  let asked = -Infinity;
  /* Live: every five seconds, at once when something moved. Away: a new try every 1.5 s, whether or not the last one
     still hangs, so that the wall is back within five seconds whatever the network does with lost packets. */
  function keepAsking() {
    const since = performance.now() - asked;
    if ((lost && since >= RETRY_MS && asking < 6) || (!lost && since >= ASK_MS && asking < 2)) { asked = performance.now(); ask(false); }
  }
  function hurry() {
    if (lost || performance.now() - asked < 400) { setTimeout(hurry, 400); return; }
    asked = performance.now();
    ask(false);
  }

  const on = (name) => (fn) => listeners[name].push(fn);
  window.CimWall = {
    wall, text, counts, SPEED, query, now, age, hurry, shape: () => shape, show: showNow,
    isLost: () => lost, isTaken: () => Boolean(taken), updated: () => updated,
    goto: (n) => { number = n; begun = Date.now(); place(); },
    onShow: on("show"), onAnswer: on("answer"), onLost: on("lost"), onBack: on("back"), onTake: on("take"),
  };
  shape = shapeNow();
  number = Math.max(0, wall.shows.findIndex((show) => show.name === query.get("show")));
  begun = Date.now();
  if (query.get("show")) wall.shows = [wall.shows[number]];
  // after the other scripts of the wall have said what they want to hear
  addEventListener("DOMContentLoaded", () => {
    place();
    asked = performance.now();
    ask(false);
    ask(true);
    setInterval(beat, 1000 / Math.min(4, SPEED));
    setInterval(keepAsking, 250);
    setInterval(() => { if (!lost) ask(true); }, SLOW_MS);
  });
  addEventListener("resize", () => { reshape(); fit(); });
})();
