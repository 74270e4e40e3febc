"use strict";
// Whoever is there stays signed in: a key, a touch or the wheel is told to the server at most once a minute. What a
// page asks by itself every second is nobody. When the session is over the page is opened anew: that is the sign-in page.
(() => {
  const EVERY_MS = 60000;
  let told = Date.now();
  const isAccount = () => document.querySelector('.person [data-account="True"]') !== null;
  const tell = async () => {
    if (!isAccount() || Date.now() - told < EVERY_MS) return;
    told = Date.now();
    const answer = await fetch("/session/active", { method: "POST" }).catch(() => null);
    if (answer && answer.status === 401) location.reload();
  };
  for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) addEventListener(kind, tell, { passive: true });
  setInterval(async () => {
    if (!isAccount() || document.hidden) return;
    const answer = await fetch("/session/active", { method: "GET" }).catch(() => null);
    if (answer && answer.status === 401) location.reload();
  }, EVERY_MS);
})();
