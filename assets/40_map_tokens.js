// Colours and light of the 3D map: the tokens of the design, by theme, and the colour of each class.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});

  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const mix = (a, b, t) => a.map((v, i) => v + (b[i] - v) * t);
  const scale = (c, k) => c.map((v) => Math.max(0, Math.min(255, v * k)));
  const css = (c, alpha = 1) => `rgba(${c.map((v) => Math.round(v)).join(",")},${alpha})`;

  // ground picture; light = ambient, sun, foot (brightness at the base of a wall); window = brightness of glass
  const THEMES = {
    dark: {
      ground: "#0B1220", land: "#101B2C", plot: "#16243A", street: "#1E2B40", kerb: "#2B3A52", path: "#26344B",
      green: "#143026", water: "#0F2C44", deep: "#143C5A", bank: "#1F4B63", square: "#222E43",
      boundary: "#4DA3FF", boundaryAlpha: 0.55,
      residential: "#2C4673", facility: "#44597A", closed: "#39465C", context: "#141F31",
      tree: ["#1E4A3A", "#235543", "#1A4234"],
      shadow: [2, 5, 12], shadowAlpha: 0.62, contactAlpha: 0.75,
      ambient: 0.5, sun: 0.5, foot: 0.58, glass: 0.7, roof: 1.12,
      edge: [190, 214, 245], edgeAlpha: 0.34, base: [5, 10, 20], contextEdge: 0.35, contextLift: 1,
    },
    light: {
      ground: "#E4E7E6", land: "#ECEEEB", plot: "#F1F2EE", street: "#D9DEE1", kerb: "#C3CBD1", path: "#E3E0D6",
      green: "#CBDDBE", water: "#A9CFE2", deep: "#B9DAEA", bank: "#86B5CC", square: "#EAE4D6",
      boundary: "#3C78B4", boundaryAlpha: 0.7,
      residential: "#FFFFFF", facility: "#5C9BD3", closed: "#BCC6CE", context: "#E1E5E6",
      tree: ["#8FB583", "#9CC08D", "#84AB7A"],
      shadow: [62, 82, 104], shadowAlpha: 0.34, contactAlpha: 0.35,
      ambient: 0.66, sun: 0.36, foot: 0.86, glass: 0.86, roof: 1.0,
      edge: [120, 140, 160], edgeAlpha: 0.45, base: [110, 130, 150], contextEdge: 0.5, contextLift: 1.12,
    },
  };
  for (const theme of Object.values(THEMES)) {
    for (const [key, value] of Object.entries(theme)) {
      if (typeof value === "string") theme[key] = rgb(value);
    }
    theme.tree = theme.tree.map(rgb);
  }

  const RAMP = ["#1B2A44", "#2F6DB5", "#7CC4FF", "#F2F7FF"].map(rgb);
  const LOOK = rgb("#F5B544");
  const ACT = rgb("#FF5A5F");
  const BLIND = rgb("#8A7FB0");

  const ramp = (share) => {
    const t = Math.max(0, Math.min(0.9999, share)) * 3;
    const i = Math.floor(t);
    return mix(RAMP[i], RAMP[i + 1], t - i);
  };
  // data colours at 80 % with a little grey, so that one red building wins against every blue one
  const damped = (colour) => scale(mix(colour, [110, 130, 165], 0.16), 0.8);

  // how a building is drawn, kept in the alpha of its texel
  const HATCHED = 1;
  const DIMMED = 2;
  const SIGNAL = 4; // keeps its brightness at night, in the past and beside a selection
  const LOW = 16; // lies down: it would hide the home in focus
  const DATA = 8; // its colour says something: night and past take less of it

  // class number -> name, in the order of layouts/parts/map_classes.py
  const CLASSES = {
    alert: ["none", "look", "act", "blind"],
    occupancy: ["0", "1", "2", "3", "unknown", "none"],
    freshness: ["fresh", "stale", "lost", "none"],
    open: ["none", "open", "closed"], // for the public: where one can go now (layouts/parts/wall_answers.py)
  };

  function plain(theme, use) {
    return theme[use === 1 ? "facility" : use === 2 ? "context" : "residential"];
  }

  /** [colour, flags] of a class; `use` 0 residential, 1 facility; `unsensed`: it has no device that could alarm. */
  function classColour(theme, colouring, number, use, unsensed) {
    const name = CLASSES[colouring][number];
    if (colouring === "open") return [theme[name === "none" ? "residential" : name === "open" ? "facility" : "closed"], 0];
    if (colouring === "alert") {
      if (name === "look") return [LOOK, SIGNAL];
      if (name === "act") return [ACT, SIGNAL];
      if (name === "blind") return [BLIND, HATCHED | DATA];
      if (unsensed) return [scale(BLIND, 0.62), HATCHED | DATA];
      return [plain(theme, use), 0];
    }
    if (colouring === "occupancy") {
      if (name === "unknown") return [scale(BLIND, 0.8), HATCHED | DATA];
      if (name === "none") return [plain(theme, use), 0];
      return [damped(ramp((number + 0.6) / 4)), DATA];
    }
    if (name === "fresh") return [damped(RAMP[1]), DATA];
    if (name === "stale") return [scale(LOOK, 0.82), DATA];
    if (name === "lost") return [BLIND, HATCHED | DATA];
    return [plain(theme, use), 0];
  }

  const HOMES = {
    active: rgb("#8CC8FF"), quiet: rgb("#2F6DB5"), away: rgb("#1A2436"), none: rgb("#31456A"), blind: BLIND, act: ACT, look: LOOK,
    slab: scale(rgb("#6E86AB"), 0.8),
  };

  /**
   * How far night has come, 0 day to 1 night, by the height of the sun over the place at that instant
   * (low-precision solar position of the Astronomical Almanac, good to a fraction of a degree).
   */
  function nightfall(instant, lon, lat) {
    const days = instant / 864e5 - 10957.5; // since 2000-01-01 12:00 UTC
    const rad = Math.PI / 180;
    const anomaly = (357.528 + 0.9856003 * days) * rad;
    const longitude = (280.46 + 0.9856474 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * rad;
    const tilt = (23.439 - 4e-7 * days) * rad;
    const declination = Math.asin(Math.sin(tilt) * Math.sin(longitude));
    const ascension = Math.atan2(Math.cos(tilt) * Math.sin(longitude), Math.cos(longitude));
    const sidereal = (280.46062 + 360.985647366 * days + lon) * rad;
    const height = Math.asin(
      Math.sin(lat * rad) * Math.sin(declination) +
        Math.cos(lat * rad) * Math.cos(declination) * Math.cos(sidereal - ascension),
    ) / rad;
    const t = Math.max(0, Math.min(1, (4 - height) / 12));
    return t * t * (3 - 2 * t);
  }

  parts.tokens = {
    THEMES, CLASSES, HATCHED, DIMMED, SIGNAL, LOW, HOMES, ACT, LOOK, BLIND,
    mix, scale, css, ramp, plain, classColour, nightfall,
  };
})();
