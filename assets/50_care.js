/* Elder care in the browser: clocks that run, steps that are sent (or kept while offline), the sound of a new call for
   help, keys, and the map that follows the incident. What is legal is the server's to say; it is only asked here. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const CHOSEN = "elder-care--chosen";
  const STORED = "cim.care.stored", MUTED = "cim.care.muted", OFFICER = "cim.care.officer";
  const MUTED_MS = 10 * 60e3, RING_MS = 4000, RETRY_MS = 5000;
  const ANSWER_MS = 8000;    // longer without an answer is without a connection
  const SEEN_MS = 800;       // longer than a double press; nobody reads another incident's name in less
  const byId = (id) => document.getElementById(id);
  const all = (query, within) => Array.from((within || document).querySelectorAll(query));
  const page = () => document.querySelector(".care");
  const card = () => document.querySelector(".care-card[data-incident]");
  const acts = () => document.querySelector("[data-acts]");
  /* What is open and what was typed is kept outside what Dash redraws: every answer makes the buttons' elements anew. */
  const opener = () => acts() && acts().parentElement;
  const openName = () => { const place = opener(); return (place && place.dataset.open) || null; };
  const onPage = () => Boolean(page());
  const minute = (ms) => shell.format("minute", ms);

  function kept(key, otherwise) {
    try { const text = localStorage.getItem(key); return text === null ? otherwise : JSON.parse(text); } catch (error) { return otherwise; }
  }
  function keep(key, value) {
    try { if (value === null) localStorage.removeItem(key); else localStorage.setItem(key, JSON.stringify(value)); } catch (error) { /* a screen without storage forgets */ }
  }

  /* --- clocks ---------------------------------------------------------------------------------------- */
  function nowFor(element) {
    const now = shell.serverNow(), place = element.closest("[data-drill]");
    if (!place) return now;
    const drill = JSON.parse(place.dataset.drill), real = drill.until === null ? now : Math.min(now, drill.until);
    return Math.min(now, drill.from + Math.max(0, real - drill.real) * drill.speed);
  }
  function running(ms) {
    const s = Math.max(0, Math.floor(ms / 1000)), two = (n) => String(n).padStart(2, "0"), h = Math.floor(s / 3600);
    return (h ? h + ":" : "") + two(Math.floor((s % 3600) / 60)) + ":" + two(s % 60);
  }
  function tick() {
    if (shell.at() === null) {
      for (const element of all("time[data-tick]")) {
        const now = nowFor(element), at = Date.parse(element.dateTime), form = element.dataset.tick;
        let words = form === "clock" ? running(now - at) : form === "lasting" ? shell.lasting(now - at) : running(at - now);
        if (form === "left") {
          // a second's grace, so that a limit just met does not flash as missed
          const late = now - at > 999;
          if (late) words = shell.text("care.js.over", { n: running(now - at) });
          element.classList.toggle("over", late);
        }
        if (element.textContent !== words) element.textContent = words;
      }
      for (const bar of all(".meter[data-until]")) {
        const from = Date.parse(bar.dataset.from), until = Date.parse(bar.dataset.until);
        const gone = Math.max(0, Math.min(1, (nowFor(bar) - from) / Math.max(1, until - from)));
        bar.firstElementChild.style.width = (gone * 100).toFixed(1) + "%";
        bar.classList.toggle("over", gone >= 1);
      }
    }
    opened();
    showMute();
    ring();
  }
  shell.onTick(tick);
  shell.onLook(() => { tick(); bar(); });

  /* --- the map follows the incident -------------------------------------------------------------------- */
  let followed = "", askedFor = 0;
  function follow() {
    const place = card();
    if (!place) return;
    const d = place.dataset, key = [d.incident, d.building, d.home, d.phase, d.n].join("|");
    if (key === followed) return;
    const same = followed.split("|")[0] === d.incident && followed !== "";
    followed = key;
    show(d.incident ? { building: d.building, home: d.home, fly: !same, tone: d.tone, title: d.number || d.title,
      kind: d.title, note: d.say, since: d.since, drill: d.drill,
      clock: (place.querySelector(".running") || place).textContent } : null);
  }
  /* Lift the building's floors and mark the home; waits until the map has been drawn. */
  function show(what) {
    const mine = ++askedFor;
    (function again() {
      if (mine !== askedFor || !onPage()) return;
      const map = window.CimMap;
      if (!map || !map.stats().buildings) { setTimeout(again, 120); return; }
      if (what && what.building && !map.where(what.building)) { setTimeout(again, 120); return; }
      map.follow(what);
      shell.set("elder-care--building", null);
    })();
  }
  function keepOnly() {
    const list = document.querySelector(".waiting-list"), only = list && list.dataset.only ? JSON.parse(list.dataset.only) : null;
    if (window.CimMap && window.CimMap.keepOnly) window.CimMap.keepOnly(only);
  }

  /* --- choosing ------------------------------------------------------------------------------------------ */
  /* A link from a message or from a home names its incident. The address forgets it then: the next choice is free. */
  function opened() {
    const wanted = new URLSearchParams(location.search).get("incident");
    if (!wanted || !onPage()) return;
    meant = wanted;
    shell.set(CHOSEN, wanted);
    shell.visit(shell.href({ incident: null }), true);
  }
  function rows() { return all('.waiting-list [data-set="' + CHOSEN + '"]'); }
  function move(by) {
    const list = rows();
    if (!list.length) return;
    // from the row the keyboard is on: the page may not have shown yet what was pressed last
    const held = list.indexOf(document.activeElement), at = held >= 0 ? held : list.findIndex((row) => row.getAttribute("aria-current") === "true");
    const next = list[Math.max(0, Math.min(list.length - 1, (at < 0 ? 0 : at + by)))];
    next.click();
    next.focus({ preventScroll: false });
  }
  document.addEventListener("click", (event) => {
    const row = event.target.closest('[data-set="' + CHOSEN + '"]');
    if (row) meant = row.dataset.value;
    const home = event.target.closest("[data-show]");
    if (home && onPage() && window.CimMap) {
      const { show: building, home: id } = home.dataset;
      if (building) { show({ building: building, home: id || "", fly: true, tone: "", title: "" }); shell.set("elder-care--building", building); }
      followed = "";
    }
  });

  /* --- steps ---------------------------------------------------------------------------------------------- */
  /* The card goes on to the next incident by itself, with the same button at the same place: a press meant for the one
     before must not count for it. Who chose it by hand has seen what it is. */
  let shownActs = "", cameAt = -Infinity, meant = "";
  function noticed() {
    const place = acts(), id = place ? place.dataset.acts : "";
    if (id === shownActs) return;
    cameAt = shownActs && id !== meant ? performance.now() : -Infinity;
    shownActs = id;
    openForm(null);
  }
  function slipped() { noticed(); return performance.now() - cameAt < SEEN_MS; }
  let sending = false, taken = "";   // the step taken last, until the page knows of it
  function note() { const field = document.querySelector("[data-note]"); return field ? field.value.trim() : ""; }
  function clearNote() { typed = null; const field = document.querySelector("[data-note]"); if (field) field.value = ""; }
  let typed = null;          // the note being written: {id, words}
  document.addEventListener("input", (event) => {
    if (event.target.matches && event.target.matches("[data-note]") && acts()) typed = { id: acts().dataset.acts, words: event.target.value };
  });
  function retype() {
    const field = document.querySelector("[data-note]"), place = acts();
    if (!field || !place || !typed || typed.id !== place.dataset.acts || field.value) return;
    field.value = typed.words;
  }
  let answered = null;       // what was said beside the buttons of an incident, until the next press: {id, words, kind}
  function say(words, kind) {
    answered = words && acts() ? { id: acts().dataset.acts, words: words, kind: kind } : null;
    sayAgain();
  }
  function sayAgain() {
    const place = document.querySelector("[data-refusal]"), here = acts();
    const said = answered && here && answered.id === here.dataset.acts ? answered : { words: "", kind: "" };
    if (!place || place.textContent === said.words) return;
    place.textContent = said.words;
    place.dataset.kind = said.kind;
    place.hidden = !said.words;
  }
  function body(button, place) {
    const d = button.dataset, said = [d.said || "", note()].filter(Boolean).join(" ");
    const step = { step: d.step, note: said, expected_n: Number(place.dataset.n) };
    for (const name of ["result", "outcome", "cause", "into"]) if (d[name]) step[name] = d[name];
    if (d.rung) step.rung = Number(d.rung);
    const officer = kept(OFFICER, "");
    if (officer) step.by = officer;
    return step;
  }
  function post(id, step) {
    return fetch("/api/v1/incidents/" + encodeURIComponent(id) + "/steps", {
      method: "POST", credentials: "same-origin", headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(step), signal: AbortSignal.timeout ? AbortSignal.timeout(ANSWER_MS) : undefined,
    });
  }
  async function why(answer) {
    const said = await answer.json().catch(() => null), reason = said && said.reason;
    return (reason && (reason[shell.lang()] || reason.zh)) || (said && said.detail) || shell.text("care.js.no_reason");
  }
  async function press(button) {
    const place = acts();
    if (!place || sending || shell.at() !== null) return;
    if (slipped()) { say(shell.text("care.js.slipped"), "refused"); return; }
    const id = place.dataset.acts, step = body(button, place), form = openName(), key = [id, step.expected_n, step.step].join("|");
    if (key === taken) return;
    stay();
    sending = true;
    place.setAttribute("aria-busy", "true");
    say("", "");
    try {
      const answer = await post(id, step);
      if (answer.ok) {
        taken = key;
        clearNote();
        vibrate(30);
        // the page may know of the step before this answer is here, and the next form may be open already
        if (openName() === form) openForm(null);
      }
      else say(shell.text("care.js.refused", { why: await why(answer) }), "refused");
    } catch (error) {
      store(id, step);
    }
    sending = false;
    const now = acts();
    if (now) now.removeAttribute("aria-busy");
  }
  /* Without a connection the step is kept on this screen and sent when there is one again. */
  function store(id, step) {
    const list = kept(STORED, []), at = Date.now();
    if (!list.some((one) => one.id === id && one.step.step === step.step)) list.push({ id: id, step: step, at: at });
    keep(STORED, list);
    clearNote();
    openForm(null);
    waiting();
  }
  function waiting() {
    const place = acts(), list = kept(STORED, []);
    if (!place) return;
    const mine = list.find((one) => one.id === place.dataset.acts);
    place.toggleAttribute("data-stored", Boolean(mine));
    const main = place.querySelector("[data-main]");
    if (main) {
      const words = main.querySelector("span");
      if (mine && !main.dataset.words) main.dataset.words = words.textContent;
      if (mine) words.textContent = shell.text("care.js.stored", { at: minute(mine.at) });
      else if (main.dataset.words) { words.textContent = main.dataset.words; delete main.dataset.words; }
      main.disabled = Boolean(mine);
    }
  }
  let resending = false;
  async function resend() {
    const list = kept(STORED, []);
    if (!list.length || resending) return;
    resending = true;
    try {
      while (true) {
        const [one, ...rest] = kept(STORED, []);
        if (!one) break;
        const late = shell.text("care.js.late_note", { at: minute(one.at) });
        const answer = await post(one.id, { ...one.step, note: [one.step.note, late].filter(Boolean).join(" ") });
        keep(STORED, rest.length ? rest : null);
        waiting();
        if (answer.ok) say(shell.text("care.js.sent_late"), "sent");
        else say(shell.text("care.js.refused", { why: await why(answer) }), "refused");
      }
    } catch (error) { /* still no connection: the next try comes */ }
    resending = false;
  }
  setInterval(resend, RETRY_MS);
  window.addEventListener("online", resend);

  /* Who works on an incident keeps it: a more urgent one that comes meanwhile is told, but not put under the finger. */
  function stay() { if (onPage() && acts()) shell.set(CHOSEN, acts().dataset.acts); }
  function openForm(name) {
    const place = opener();
    if (!place) return;
    if (name) { place.dataset.open = name; stay(); } else delete place.dataset.open;
    const form = name && place.querySelector('[data-form="' + name + '"]');
    if (form) { const first = form.querySelector(".choices .button"); if (first) first.focus({ preventScroll: false }); }
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-acts] [data-step], [data-acts] [data-open-form], [data-acts] [data-close-form]");
    if (button) {
      if (button.dataset.step) press(button);
      else if ("closeForm" in button.dataset) openForm(null);
      else if (!onPage()) go(acts().dataset.acts); // what has to be filled in is filled in there
      else openForm(openName() === button.dataset.openForm ? null : button.dataset.openForm);
      return;
    }
    if (event.target.closest("[data-mute]")) mute();
    const down = event.target.closest("[data-scroll-to]");
    if (down) { const place = byId(down.dataset.scrollTo); if (place) place.firstElementChild.scrollIntoView({ block: "center" }); }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches && event.target.matches("[data-officer]")) keep(OFFICER, event.target.value.trim() || null);
  });

  /* --- keys ----------------------------------------------------------------------------------------------- */
  const writes = (element) => element && element.matches && element.matches("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (writes(event.target)) {
      if (event.key === "Escape") event.target.blur();
      if (event.key === "Enter" && event.target.matches("[data-officer]")) { event.preventDefault(); event.target.blur(); }
      return;
    }
    if ((event.key === "m" || event.key === "M") && document.querySelector("[data-mute], [data-red]")) { mute(); return; }
    if (event.key === "Escape" && onPage()) { openForm(null); return; }
    if (event.key === "Enter") {
      const main = document.querySelector("[data-main]");
      // Enter on a button or link is that button's; elsewhere it is the next step
      if (main && (!event.target.closest("button, a, summary") || event.target.closest(".waiting-list"))) { event.preventDefault(); main.click(); }
      return;
    }
    if (!onPage() || event.target.closest(".cim-map, [role=slider], .timebar")) return;
    if (event.key === "ArrowDown") { event.preventDefault(); move(1); }
    if (event.key === "ArrowUp") { event.preventDefault(); move(-1); }
  });

  /* --- sound ---------------------------------------------------------------------------------------------- */
  let audio = null, rang = 0, blocked = false;
  function unblock() {
    if (!audio || audio === "soon" || audio.state === "running") return;
    audio.resume().then(() => { blocked = false; rang = 0; showMute(); ring(); }).catch(() => {});
  }
  for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, unblock, { passive: true });
  function mutedUntil() { const until = kept(MUTED, 0); return until > Date.now() ? until : 0; }
  function mute() {
    if (blocked && !mutedUntil()) { unblock(); return; }
    keep(MUTED, mutedUntil() ? null : Date.now() + MUTED_MS);
    showMute();
  }
  function showMute() {
    const until = mutedUntil();
    for (const button of all("[data-mute]")) {
      button.setAttribute("aria-pressed", until ? "true" : "false");
      const word = button.querySelector("[data-mute-word]");
      const words = until ? shell.text("care.js.muted", { at: minute(until) }) : shell.text(blocked ? "care.js.blocked" : "care.js.unmuted");
      if (word && word.textContent !== words) word.textContent = words;
    }
  }
  function vibrate(pattern) { if (navigator.vibrate && navigator.userActivation && navigator.userActivation.hasBeenActive) navigator.vibrate(pattern); }
  /* The open red incidents nobody has acknowledged, as the bar of every page tells them. */
  let heard = new Map();
  function unanswered() {
    const told = shell.at() === null ? document.querySelector("[data-red]") : null;
    const found = new Map(told ? JSON.parse(told.dataset.red).map((one) => [one.id, one]) : []);
    for (const [id, one] of heard) if (one.gone) found.delete(id); else found.set(id, one);
    return Array.from(found.values()).filter((one) => one.phase === "raised");
  }
  function ring() {
    const waits = unanswered().length > 0;
    document.body.toggleAttribute("data-ringing", waits && !mutedUntil());
    if (!waits || mutedUntil() || Date.now() - rang < RING_MS) return;
    rang = Date.now();
    sound();
    vibrate([200, 100, 200]);
  }
  /* Two rising tones, twice: heard over talk, told from a telephone; made here, no file. */
  function sound() {
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) return;
    if (!audio) { // making it takes a weak computer a fifth of a second: not before what it tells of is on the screen
      audio = "soon";
      const idle = window.requestIdleCallback || ((run) => setTimeout(run, 100)); // Safari has none
      idle(() => { audio = new Context(); sound(); }, { timeout: 1000 });
    }
    if (audio === "soon") return;
    // browsers let a page sound only after somebody touched it: until then the button says so
    if (audio.state !== "running") { blocked = true; showMute(); return; }
    const start = audio.currentTime + 0.02;
    [[0, 660], [0.18, 880], [0.5, 660], [0.68, 880]].forEach(([after, hertz]) => {
      const tone = audio.createOscillator(), volume = audio.createGain();
      tone.type = "triangle";
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0, start + after);
      volume.gain.linearRampToValueAtTime(0.28, start + after + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, start + after + 0.17);
      tone.connect(volume).connect(audio.destination);
      tone.start(start + after);
      tone.stop(start + after + 0.18);
    });
  }

  /* --- a call for help while somebody looks elsewhere -------------------------------------------------------- */
  /* Told above every page as soon as the event is here; where the calls are listed, until the row stands in the list. */
  const calls = new Map();
  const came = shell.serverNow();
  shell.onLive((kind, data) => {
    if (kind === "incident" && data.incident) {
      const one = data.incident, open = one.closed_at === null && one.severity === "act";
      const known = heard.has(one.id) || Date.parse(one.raised_at) < came;  // not new to who came later
      heard.set(one.id, { id: one.id, phase: one.phase, title: one.title, gone: !open });
      if (heard.size > 200) heard.delete(heard.keys().next().value);
      if (!open || one.phase !== "raised") calls.delete(one.id);
      else if (!known) calls.set(one.id, one);
      bar();
      ring();
    }
    if (kind === "snapshot" || kind === "change") resend();
  });
  /* The building, from the badge of the bar; until that is told of it, from the map where there is one. */
  function placeOf(one) {
    const told = document.querySelector("[data-red]"), red = told && JSON.parse(told.dataset.red).find((other) => other.id === one.id);
    return (red && red.place) || (window.CimMap && one.building_id && window.CimMap.nameOf(one.building_id)) || "";
  }
  const listed = (id) => document.querySelector('.waiting-list [data-set="' + CHOSEN + '"][data-value="' + CSS.escape(id) + '"]');
  let told = "";
  function bar() {
    const place = byId("shell--incident");
    if (!place) return;
    if (onPage() && shell.at() === null) for (const id of calls.keys()) if (listed(id)) calls.delete(id);
    const waiting = Array.from(calls.values()), one = waiting[waiting.length - 1];
    place.hidden = !one;
    if (!one) { told = ""; return; }
    const what = (one.title || {})[shell.lang()] || (one.title || {}).zh || "";
    const where = placeOf(one);
    const words = [
      shell.text(one.drill_id ? "care.js.new_drill" : "care.js.new_red", { what: [where, what].filter(Boolean).join(" ") }),
      waiting.length > 1 ? shell.text("care.js.and_more", { n: waiting.length - 1 }) : "", shell.text("care.js.go"),
    ].filter(Boolean).join("　");
    if (words === told && place.firstElementChild && place.firstElementChild.dataset.call === one.id) return;
    told = words;
    const button = document.createElement("button");
    button.className = "strip-button";
    button.textContent = words;
    button.dataset.call = one.id;
    button.onclick = () => { calls.clear(); place.hidden = true; go(one.id); };
    place.replaceChildren(button);
  }
  /* Arriving from elsewhere, the page shows the incident that was pressed there. */
  let wanted = null;
  function choose() {
    if (wanted === null || !onPage() || !document.querySelector("#elder-care--card > :not(.waiting)")) return;
    shell.set(CHOSEN, wanted);
    wanted = null;
  }
  document.addEventListener("click", (event) => {
    const way = event.target.closest("[data-incident-way]");
    if (!way) return;
    go(way.dataset.incidentWay);
  });
  function go(id) {
    wanted = meant = id;
    shell.visit(shell.href({ at: null }, "/elder-care"));
    choose();
  }

  /* --- what the page redraws ----------------------------------------------------------------------------------- */
  let due = null;
  function redrawn() {
    due = null;
    noticed();
    if (!onPage()) { followed = ""; bar(); waiting(); tick(); return; }
    follow();
    keepOnly();
    choose();
    bar();
    retype();
    sayAgain();
    waiting();
    for (const field of all("[data-officer]")) if (field !== document.activeElement && field.value !== kept(OFFICER, "")) field.value = kept(OFFICER, "");
    tick();
  }
  new MutationObserver(() => { due = due || setTimeout(redrawn, 60); }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-incident", "data-n", "data-phase", "data-acts", "data-only"] });

  window.CimCare = { unanswered, mutedUntil, stored: () => kept(STORED, []) };
})();
