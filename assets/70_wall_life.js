/* What keeps a wall alive for months without hands: burn-in shift, watchdog, health reports.
   The watchdog never reloads while the server is away: a browser without a page to show shows its own error for ever. */
(function () {
  "use strict";
  const life = window.CimWall;
  if (!life) return;
  const { wall, SPEED, query } = life, root = document.documentElement;
  const SHIFTS = [[0, 0], [2, 1], [4, 2], [3, 4], [0, 3], [-3, 4], [-4, 1], [-2, -2], [0, -4], [3, -3], [4, -1], [1, -1]];
  const found = { errors: 0, error: "", stalls: 0, recoveries: 0, frames: 0, fps: null };
  const born = performance.now();
  let step = 0;

  function failed(words) { found.errors++; found.error = String(words || "").slice(0, 200); }
  addEventListener("error", (event) => failed(event.message));
  addEventListener("unhandledrejection", (event) => failed(event.reason && event.reason.message));

  /* --- burn-in --------------------------------------------------------------------------------------------------- */
  function shift() {
    step = (step + 1) % SHIFTS.length;
    const [x, y] = SHIFTS[step], unit = Math.max(1, innerHeight / 1080);
    document.getElementById("wall-shift").style.transform = `translate(${Math.round(x * unit)}px,${Math.round(y * unit)}px)`;
  }
  if (wall.shift > 0) setInterval(shift, (wall.shift * 1000) / SPEED);

  /* --- opening the page anew --------------------------------------------------------------------------------------- */
  const KEY = "cim-wall-reloads";
  function reloads() { try { return JSON.parse(sessionStorage.getItem(KEY) || "[]").filter((at) => Date.now() - at < 3600e3); } catch (_) { return []; } }
  let leaving = false;
  /* At most six times an hour, and only when the server has just answered that the page is there. */
  async function anew(why, where) {
    if (leaving) return;
    const before = reloads();
    if (before.length >= 6) { failed("not opened anew again within the hour: " + why); return; }
    leaving = true;
    try {
      const answer = await fetch(where, { credentials: "same-origin", cache: "no-store", headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error("HTTP " + answer.status);
      sessionStorage.setItem(KEY, JSON.stringify([...before, Date.now()]));
      location.replace(where);
    } catch (error) {
      failed(why + ": " + error.message);
      leaving = false;
    }
  }
  const here = () => (wall.paired ? "/screen" : location.pathname + location.search);
  life.onAnswer((answer) => {
    if (answer.refused) anew("refused with " + answer.refused, wall.paired ? "/screen" : location.pathname + location.search);
    else if (answer.version !== wall.version) anew("another version", here());
  });

  /* --- the renderer -------------------------------------------------------------------------------------------------- */
  /* Frames are counted for a second now and then: counting them all the time would keep the computer from resting. */
  function sample() {
    return new Promise((resolve) => {
      let n = 0, over = false;
      const began = performance.now();
      const frame = () => { if (!over) { n++; requestAnimationFrame(frame); } };
      requestAnimationFrame(frame);
      setTimeout(() => { over = true; resolve((n * 1000) / (performance.now() - began)); }, 1000);
    });
  }
  let standing = 0;
  async function look() {
    if (document.hidden) return;
    const fps = await sample();
    found.fps = Math.round(fps * 10) / 10;
    found.frames += Math.round(fps);
    standing = fps < 0.5 ? standing + 1 : 0;
    if (standing >= 3) { standing = 0; found.recoveries++; anew("nothing is drawn any more", here()); }
    mapLook();
  }
  let blank = 0, again = 0;
  function mapLook() {
    const map = window.CimWallMap;
    if (!map || !map.isStarted() || life.isLost()) return;
    const canvas = document.querySelector("#wall-map canvas"), gl = canvas && canvas.getContext("webgl2");
    blank = gl && !gl.isContextLost() && window.CimMap.stats().buildings > 0 ? 0 : blank + 1;
    if (!blank) again = 0;
    if (blank >= 2) {
      blank = 0;
      found.recoveries++;
      if (++again > 3) { again = 0; anew("the map cannot be drawn", here()); } else map.again();
    }
  }
  setInterval(look, 20000 / SPEED);

  /* A timer that comes seconds late: the page stood still meanwhile. */
  let last = performance.now();
  setInterval(() => {
    const at = performance.now();
    if (at - last > 6000 && !document.hidden) found.stalls++;
    last = at;
  }, 1000);

  /* --- health ---------------------------------------------------------------------------------------------------------- */
  function contexts() {
    return Array.from(document.querySelectorAll("canvas")).filter((canvas) => { const gl = canvas.getContext("webgl2"); return gl && !gl.isContextLost(); }).length;
  }
  function health() {
    const memory = performance.memory;
    return { version: wall.version, show: life.show().name, theme: root.dataset.theme || "", width: innerWidth, height: innerHeight,
      ratio: Math.round(devicePixelRatio * 100) / 100, fps: found.fps, frames: found.frames,
      memory_mb: memory ? Math.round(memory.usedJSHeapSize / 1e5) / 10 : null, contexts: contexts(),
      late_s: Math.round(Math.min(life.age(), 1e9) / 1000), up_s: Math.round((performance.now() - born) / 1000),
      stalls: found.stalls, recoveries: found.recoveries, errors: found.errors, error: found.error };
  }
  function report() {
    if (!wall.paired || life.isLost()) return;
    fetch(wall.base + "/health", { method: "POST", credentials: "same-origin", headers: { "content-type": "application/json" }, body: JSON.stringify(health()) })
      .catch(() => {}); // the next answer that does not come says it
  }
  setTimeout(look, 8000);
  setTimeout(report, 5000);
  setInterval(report, 60000 / SPEED);
  life.onBack(report);
  // a wall is looked at, not used: nothing opens by a touch
  addEventListener("contextmenu", (event) => event.preventDefault());
  window.CimWallLife = { health, found, anew };
})();
