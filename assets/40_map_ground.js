// Bakes the ground picture once per geometry: plots, water, green, streets, soft shadows; and finds room for trees.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});
  const SUN = [0.62, 0.42]; // metres of shadow east and north per metre of height, times 0.8
  const LONGEST_SHADOW = 56;
  const SLICE_MS = 24;

  const pause = () => new Promise((resolve) => setTimeout(resolve, 0));

  /** Runs the steps of a generator in slices, so that the page stays alive; `alive()` false stops it. */
  async function inSlices(steps, alive) {
    let began = performance.now();
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      if (performance.now() - began > SLICE_MS) {
        await pause();
        if (!alive()) return null;
        began = performance.now();
      }
    }
  }

  function features(scene) {
    const { header, g_xy: xy, g_ring: ring, g_first_ring: first, g_layer: layer, g_line: line, g_width: width } = scene;
    const found = [];
    for (let i = 0; i < layer.length; i++) {
      const rings = [];
      for (let r = first[i]; r < first[i + 1]; r++) rings.push([ring[r], ring[r + 1]]);
      found.push({ layer: header.ground_layers[layer[i]], line: line[i] === 1, width: width[i], rings, xy });
    }
    return found;
  }

  /** A canvas showing [west, south, east, north] metres, with helpers that draw in metres. */
  function sheet(box, pixels, alpha = true) {
    const [w, s, e, n] = box;
    const k = pixels / Math.max(e - w, n - s);
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round((e - w) * k));
    canvas.height = Math.max(1, Math.round((n - s) * k));
    const c = canvas.getContext("2d", { willReadFrequently: true, alpha });
    const X = (x) => (x - w) * k, Y = (y) => (n - y) * k;
    const path = (xy, rings, close) => {
      c.beginPath();
      for (const [from, to] of rings) {
        for (let p = from; p < to; p++) {
          const x = X(xy[2 * p]), y = Y(xy[2 * p + 1]);
          if (p === from) c.moveTo(x, y); else c.lineTo(x, y);
        }
        if (close) c.closePath();
      }
    };
    const fill = (f, style) => { path(f.xy, f.rings, true); c.fillStyle = style; c.fill("evenodd"); };
    const stroke = (f, metres, style, dash) => {
      path(f.xy, f.rings, !f.line);
      c.lineWidth = Math.max(0.6, metres * k);
      c.strokeStyle = style;
      c.lineJoin = "round"; c.lineCap = dash ? "butt" : "round";
      c.setLineDash((dash || []).map((v) => v * k));
      c.stroke();
      c.setLineDash([]);
    };
    return { canvas, c, k, X, Y, path, fill, stroke };
  }

  function* base(sh, scene, theme) {
    const { css, mix } = parts.tokens;
    const { c, k } = sh;
    const all = features(scene);
    const of = (layer, line) => all.filter((f) => f.layer === layer && (line === undefined || f.line === line));
    c.fillStyle = css(theme.ground);
    c.fillRect(0, 0, sh.canvas.width, sh.canvas.height);
    const [w, s, e, n] = scene.bounds;
    for (const f of of("plot")) {
      if (f.line) continue;
      const p = f.rings[0][0], x = f.xy[2 * p], y = f.xy[2 * p + 1];
      const within = x > w - 30 && x < e + 30 && y > s - 30 && y < n + 30;
      sh.fill(f, css(within ? theme.plot : theme.land));
      yield;
    }
    if (!of("plot").length) yield* builtLand(sh, scene, theme);
    for (const f of of("green")) { f.line ? sh.stroke(f, f.width, css(theme.green)) : sh.fill(f, css(theme.green)); yield; }
    for (const f of of("water")) {
      if (f.line) { sh.stroke(f, f.width + 1.6, css(theme.bank, 0.8)); sh.stroke(f, f.width, css(theme.water)); continue; }
      c.save();
      sh.path(f.xy, f.rings, true);
      c.clip("evenodd");
      sh.fill(f, css(theme.deep));
      yield;
      // the bank's darkness reaches in, the middle stays lighter: a few wide strokes instead of a costly blur
      const wide = width(f);
      for (let reach = Math.min(46, wide * 0.7); reach > 4; reach -= 3) { sh.stroke(f, reach, css(theme.water, 0.17)); yield; }
      sh.stroke(f, Math.min(7, wide * 0.12), css(mix(theme.bank, theme.green, 0.45), 0.9));
      c.restore();
      sh.stroke(f, 0.8, css(theme.bank, 0.9));
      yield;
    }
    for (const f of of("square")) { f.line ? sh.stroke(f, f.width, css(theme.square)) : sh.fill(f, css(theme.square)); yield; }
    for (const f of of("path")) { f.line ? sh.stroke(f, f.width, css(theme.path)) : sh.fill(f, css(theme.square)); yield; }
    for (const f of of("road", false)) { sh.fill(f, css(theme.street)); sh.stroke(f, 0.5, css(theme.kerb)); yield; }
    const roads = of("road", true);
    for (const f of roads) { if (f.width >= 6) sh.stroke(f, f.width + 3.2, css(theme.path)); yield; }
    for (const f of roads) { sh.stroke(f, f.width + 0.9, css(theme.kerb)); yield; }
    for (const f of roads) { sh.stroke(f, f.width, css(theme.street)); yield; }
    if (k > 1.2) {
      for (const f of roads) { if (f.width >= 9) sh.stroke(f, 0.45, css(theme.kerb), [5, 5]); yield; }
    }
  }

  /** Width in metres of a long area: twice its size by its outline. */
  function width({ xy, rings: [[from, to]] }) {
    let size = 0, outline = 0;
    for (let a = from, b = to - 1; a < to; b = a++) {
      size += xy[2 * b] * xy[2 * a + 1] - xy[2 * a] * xy[2 * b + 1];
      outline += Math.hypot(xy[2 * a] - xy[2 * b], xy[2 * a + 1] - xy[2 * b + 1]);
    }
    return outline ? Math.abs(size) / outline : 0;
  }

  // metres of ground shown around each building where the data has no plots: yards grow together into land
  const yard = (scene) => Math.max(26, Math.min(90, 0.075 * scene.fade.buildings[0]));
  const MOST_YARDS = 6000;

  // without plots the community stands on its boundary's area, or on the yards of its buildings
  function* builtLand(sh, scene, theme) {
    const colour = parts.tokens.css(parts.tokens.mix(theme.ground, theme.plot, 0.7));
    const boundary = outlineFeature(scene);
    if (boundary) { sh.fill(boundary, colour); return; }
    const { b_xy: xy, b_ring: ring, b_first_ring: first } = scene;
    for (let from = 0; from < Math.min(scene.core, MOST_YARDS); from += 40) {
      const rings = [];
      for (let r = first[from]; r < first[Math.min(scene.core, from + 40)]; r++) rings.push([ring[r], ring[r + 1]]);
      const f = { xy, rings, line: false };
      sh.stroke(f, yard(scene), colour);
      sh.fill(f, colour);
      yield;
    }
  }

  function outlineFeature(scene) {
    if (!scene.c_ring || scene.c_ring.length < 2) return null;
    const rings = [];
    for (let r = 0; r + 1 < scene.c_ring.length; r++) rings.push([scene.c_ring[r], scene.c_ring[r + 1]]);
    return { xy: scene.c_xy, rings, line: false };
  }

  function boundaryLine(sh, scene, theme) {
    const f = outlineFeature(scene);
    if (!f) return;
    sh.stroke(f, 3.6, parts.tokens.css(theme.boundary, theme.boundaryAlpha * 0.14));
    sh.stroke(f, 1.1, parts.tokens.css(theme.boundary, theme.boundaryAlpha));
  }

  // draws a silhouette into `mask`, then lays it blurred and tinted over the picture
  function lay(sh, mask, colour, alpha, blurMetres) {
    const { c } = sh;
    const m = mask.c;
    m.globalCompositeOperation = "source-in";
    m.fillStyle = parts.tokens.css(colour);
    m.fillRect(0, 0, mask.canvas.width, mask.canvas.height);
    m.globalCompositeOperation = "source-over";
    c.save();
    c.globalAlpha = alpha;
    c.imageSmoothingEnabled = true;
    c.imageSmoothingQuality = "high";
    if ("filter" in c) c.filter = `blur(${Math.max(0.5, blurMetres * sh.k).toFixed(1)}px)`;
    c.drawImage(mask.canvas, 0, 0, sh.canvas.width, sh.canvas.height);
    c.restore();
  }

  function* shadows(sh, box, scene, trees, theme) {
    const pixels = Math.max(sh.canvas.width, sh.canvas.height) / 2;
    const { b_xy: xy, b_ring: ring, b_first_ring: first, b_height: height, b_base: low } = scene;
    const near = (i, reach) => scene.box[4 * i] < box[2] && scene.box[4 * i + 2] + reach > box[0] &&
      scene.box[4 * i + 1] < box[3] && scene.box[4 * i + 3] + reach > box[1];
    const contact = sheet(box, pixels), sun = sheet(box, pixels);
    sun.c.fillStyle = contact.c.fillStyle = "#000";
    for (let i = 0; i < scene.count; i++) {
      if (!near(i, LONGEST_SHADOW)) continue;
      const rings = [];
      for (let r = first[i]; r < first[i + 1]; r++) rings.push([ring[r], ring[r + 1]]);
      const f = { xy, rings };
      if (low[i] < 3) contact.fill(f, "#000");
      const reach = Math.min(LONGEST_SHADOW, (height[i] + low[i]) * 0.8);
      const dx = SUN[0] * reach * sun.k, dy = -SUN[1] * reach * sun.k;
      sun.c.beginPath();
      for (const [a, b] of rings) {
        for (let p = a; p < b; p++) {
          const q = p + 1 < b ? p + 1 : a;
          const x0 = sun.X(xy[2 * p]), y0 = sun.Y(xy[2 * p + 1]), x1 = sun.X(xy[2 * q]), y1 = sun.Y(xy[2 * q + 1]);
          // every swept wall winds the same way, so that overlaps add up instead of cancelling
          const turn = (x1 - x0) * dy - (y1 - y0) * dx > 0;
          sun.c.moveTo(x0, y0);
          if (turn) { sun.c.lineTo(x1, y1); sun.c.lineTo(x1 + dx, y1 + dy); sun.c.lineTo(x0 + dx, y0 + dy); }
          else { sun.c.lineTo(x0 + dx, y0 + dy); sun.c.lineTo(x1 + dx, y1 + dy); sun.c.lineTo(x1, y1); }
          sun.c.closePath();
        }
      }
      sun.c.fill("nonzero");
      yield;
    }
    sun.c.beginPath();
    for (const [x, y, size] of trees) {
      const cx = sun.X(x + SUN[0] * size * 0.6), cy = sun.Y(y + SUN[1] * size * 0.6), r = size * 0.5 * sun.k;
      sun.c.moveTo(cx + r, cy);
      sun.c.ellipse(cx, cy, r, r * 0.78, -0.6, 0, 7);
    }
    sun.c.fill();
    yield;
    lay(sh, sun, theme.shadow, theme.shadowAlpha, 1.4);
    yield;
    lay(sh, contact, theme.shadow, theme.contactAlpha, 5.2);
    yield;
  }

  // the rim sinks into the colour of the page
  function rim(sh, scene, theme) {
    const { css } = parts.tokens;
    const [r0, r1] = scene.fade.ground;
    const x = sh.X(scene.centre[0]), y = sh.Y(scene.centre[1]);
    const g = sh.c.createRadialGradient(x, y, r0 * sh.k, x, y, r1 * sh.k);
    g.addColorStop(0, css(theme.ground, 0));
    g.addColorStop(0.5, css(theme.ground, 0.5));
    g.addColorStop(1, css(theme.ground, 1));
    sh.c.fillStyle = g;
    sh.c.fillRect(0, 0, sh.canvas.width, sh.canvas.height);
  }

  /** [inner box, outer box]: fine detail where the community is, a coarse picture around it. */
  function extents(scene) {
    const [w, s, e, n] = scene.bounds, r = scene.fade.ground[1], [x, y] = scene.centre;
    const outer = [x - r, y - r, x + r, y + r];
    const margin = Math.max(40, 0.12 * Math.max(e - w, n - s));
    const inner = [w - margin, s - margin * 1.4, e + margin, n + margin];
    return [inner.map((v, i) => (i < 2 ? Math.max(v, outer[i]) : Math.min(v, outer[i]))), outer];
  }

  function* picture(scene, theme, box, pixels, trees) {
    const sh = sheet(box, pixels, false);
    yield* base(sh, scene, theme);
    yield* shadows(sh, box, scene, trees, theme);
    boundaryLine(sh, scene, theme);
    rim(sh, scene, theme);
    return sh.canvas;
  }

  /** A small picture without shadows for the first frame: cheap enough to draw before anything is shown. */
  function sketch(scene, theme, box, pixels) {
    const sh = sheet(box, pixels, false);
    for (const _ of base(sh, scene, theme)) void _;
    boundaryLine(sh, scene, theme);
    rim(sh, scene, theme);
    return sh.canvas;
  }

  const MOST_TREES = 2400;

  /**
   * Deterministic trees: scattered in green areas, in rows along streets; never in a building, on a path or in
   * water. -> [[x, y, size], ...], at most MOST_TREES.
   */
  function* plantTrees(scene) {
    const all = features(scene);
    if (!all.some((f) => f.layer === "green" || (f.layer === "road" && f.line && f.width >= 6))) return [];
    const [x, y] = scene.centre, r = scene.fade.ground[0] * 1.25;
    const box = [x - r, y - r, x + r, y + r];
    const pixels = Math.min(2048, 2 * r);
    const sh = sheet(box, pixels);
    for (const f of all) if (f.layer === "green" && !f.line) { sh.fill(f, "#0f0"); yield; }
    for (const f of all) {
      if (f.layer === "water") f.line ? sh.stroke(f, f.width + 2, "#f00") : (sh.fill(f, "#f00"), sh.stroke(f, 7, "#f00"));
      else if ((f.layer === "square" || f.layer === "path") && !f.line) sh.fill(f, "#f00");
      yield;
    }
    // a street keeps its own kerb-side rows free of green trees, not of street trees
    for (const f of all) if (f.line && (f.layer === "road" || f.layer === "path")) { sh.stroke(f, f.width + 1.2, "#f00"); yield; }
    const { b_xy: xy, b_ring: ring, b_first_ring: first } = scene;
    for (let i = 0; i < scene.count; i++) {
      const rings = [];
      for (let q = first[i]; q < first[i + 1]; q++) rings.push([ring[q], ring[q + 1]]);
      const f = { xy, rings, line: false };
      sh.fill(f, "#f00");
      sh.stroke(f, 5.5, "#f00");
      if (i % 64 === 0) yield;
    }
    const { width, height } = sh.canvas;
    const data = sh.c.getImageData(0, 0, width, height).data;
    yield;
    const at = (px, py) => {
      const u = Math.round(sh.X(px)), v = Math.round(sh.Y(py));
      if (u < 0 || v < 0 || u >= width || v >= height) return "out";
      const o = 4 * (v * width + u);
      return data[o] > 127 ? "taken" : data[o + 1] > 127 ? "green" : "free";
    };
    const rnd = parts.mesh.random(5);
    const found = [];
    const step = Math.max(5.6, (2 * r) / 190);
    for (let gy = box[1]; gy < box[3]; gy += step) {
      for (let gx = box[0]; gx < box[2]; gx += step) {
        const px = gx + rnd() * step, py = gy + rnd() * step, keep = rnd(), size = 3.2 + rnd() * 3;
        if (keep < 0.74 && at(px, py) === "green") found.push([px, py, size]);
      }
      yield;
    }
    for (const f of all) {
      if (f.layer !== "road" || !f.line || f.width < 6) continue;
      const off = f.width / 2 + 2.6;
      for (const [a, b] of f.rings) {
        let walked = 4;
        for (let p = a; p + 1 < b; p++) {
          const dx = f.xy[2 * p + 2] - f.xy[2 * p], dy = f.xy[2 * p + 3] - f.xy[2 * p + 1], l = Math.hypot(dx, dy);
          for (; walked < l; walked += 8.6) {
            const cx = f.xy[2 * p] + (dx * walked) / l, cy = f.xy[2 * p + 1] + (dy * walked) / l;
            for (const side of [-1, 1]) {
              const size = 3.9 + rnd() * 1.5;
              const px = cx - (dy / l) * off * side + rnd() - 0.5, py = cy + (dx / l) * off * side + rnd() - 0.5;
              if (at(px, py) !== "taken" && at(px, py) !== "out") found.push([px, py, size]);
            }
          }
          walked -= l;
        }
      }
      yield;
    }
    // too many: they thin out evenly, twice as much outside the community
    const [w, s, e, n] = scene.bounds;
    const weight = found.map(([px, py]) => (px > w && px < e && py > s && py < n ? 1 : 0.5));
    const share = MOST_TREES / weight.reduce((a, b) => a + b, 0);
    return found.filter((_, k) => rnd() < share * weight[k]).slice(0, MOST_TREES);
  }

  parts.ground = { inSlices, picture, sketch, extents, plantTrees };
})();
