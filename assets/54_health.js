/* The health check: what the address names. The choosers write it there themselves (52_scenes.js). */
(function () {
  "use strict";
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.cim = Object.assign(window.dash_clientside.cim || {}, {
    health_of: (search) => ["rulebook", "item", "against"].map((name) => new URLSearchParams(search || "").get(name)),
  });
})();
