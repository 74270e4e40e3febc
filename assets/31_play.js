/* Playing: the head glides, the screen follows in steps. A step is as long as the page takes to answer, at least half
   a second; while one instant is on screen, the next one is already asked for, so that its answer is made when the head
   arrives. So the server is asked at most as often as it answers, whatever the speed. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const SHORTEST = 500, LONGEST = 6000;    // ms a step lasts
  let speed = 60, run = null;

  function groups() { return Array.from(document.querySelectorAll("[data-panels]"), (group) => group.dataset.panels).filter((name) => !name.endsWith("-slow")); }

  /* Begin at what is looked at; live: where `start` says. */
  function toggle(start) {
    if (run) { stop(); return; }
    const isThere = shell.at() !== null, from = isThere ? shell.at() : start();
    run = { shown: from, next: null, since: performance.now(), took: 1000, waits: null, frame: 0 };
    if (!isThere) shell.goto(from, false);
    ask(from, true);
    if (isThere) run.waits.clear();  // it is on screen already: nobody will answer
    run.frame = requestAnimationFrame(glide);
    mark();
  }
  function stop() {
    if (!run) return;
    cancelAnimationFrame(run.frame);
    const { head } = run;
    run = null;
    if (shell.at() !== null && head !== undefined) {
      const stands = Math.round(head / 1000) * 1000;
      shell.goto(stands, true);
      shell.show(stands);  // the last picture was a tenth of a second earlier: a minute at ten minutes a second
    }
    window.CimTime.glide(null);
    mark();
  }
  /* Let the page show an instant, and plan the next. */
  function ask(ms, first) {
    run.shown = ms;
    run.since = performance.now();
    run.waits = new Set(groups());
    run.asked = performance.now();
    if (!first) shell.goto(Math.round(ms / 1000) * 1000, true);
    run.next = ms + speed * step();
    ahead(run.next);
  }
  /* At walking speed a second is enough: clocks tick by themselves, states age slowly. */
  function step() { return Math.max(speed < 10 ? 1000 : SHORTEST, Math.min(LONGEST, run.took * 1.15)); }
  /* The next instant's map colours: they rest on the states, alerts and homes that the panels ask for too. */
  function ahead(ms) {
    const bar = document.getElementById("shell--bar"), community = bar && bar.dataset.community;
    if (!community || speed < 60 || ms >= shell.serverNow()) return;
    const url = "/map/" + encodeURIComponent(community) + "/classes?at=" + encodeURIComponent(shell.iso(Math.round(ms / 1000) * 1000));
    fetch(url, { credentials: "same-origin", priority: "low" }).catch(() => {});
  }
  let drawn = 0;
  function glide(now) {
    if (!run) return;
    run.frame = requestAnimationFrame(glide);
    const aim = run.shown + speed * (now - run.since);
    const answered = !run.waits.size || now - run.asked > LONGEST;
    // the head waits where the next screen is due until this one was answered
    run.head = answered ? aim : Math.min(aim, run.next);
    if (run.head >= shell.serverNow()) { run = null; window.CimTime.glide(null); shell.goto(null); mark(); return; }
    if (answered && aim >= run.next) { ask(run.next, false); }
    // without a graphics card every picture of the page is dear: ten a second are smooth enough
    if (now - drawn > 95) { drawn = now; window.CimTime.glide(run.head); shell.show(run.head); }
  }
  shell.onAnswer((page) => {
    if (!run || !run.waits) return;
    run.waits.delete(page);
    if (!run.waits.size && run.asked !== null) { run.took = 0.6 * run.took + 0.4 * Math.min(LONGEST, performance.now() - run.asked); }
  });
  shell.onLook((ms) => { if (ms === null && run) { cancelAnimationFrame(run.frame); run = null; window.CimTime.glide(null); mark(); } });
  document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); });

  function mark() {
    const button = document.querySelector('[data-time="play"]');
    if (!button) return;
    button.classList.toggle("playing", Boolean(run));
    button.setAttribute("aria-pressed", run ? "true" : "false");
    document.body.toggleAttribute("data-playing", Boolean(run));
  }
  window.CimPlay = {
    toggle: toggle, stop: stop,
    /* Ask or choose how many seconds pass in one. */
    speed: (wanted) => { if (wanted) { speed = wanted; if (run) { run.shown = run.head || run.shown; run.since = performance.now(); run.next = run.shown + speed * step(); } } return speed; },
    state: () => run && { head: run.head, shown: run.shown, took: run.took, waits: Array.from(run.waits) },
  };
})();
