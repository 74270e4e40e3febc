// Where the camera stands: fitted into the free gap between the panels, flown to a building, moved by keys.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});
  const PITCH = 55;
  const BEARING = -16;
  const FLY_MS = 600;
  const AIR = 22; // pixels between the community and the panels

  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const easeOut = (t) => 1 - (1 - t) ** 3;

  /** Is WebGL computed on the processor? Then: pixel ratio 1, no multisampling, nothing moves when idle. */
  function software() {
    const probe = document.createElement("canvas");
    const gl = probe.getContext("webgl2", { failIfMajorPerformanceCaveat: true });
    if (!gl) return true;
    const info = gl.getExtension("WEBGL_debug_renderer_info");
    const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
    const lose = gl.getExtension("WEBGL_lose_context");
    if (lose) lose.loseContext();
    return /swiftshader|llvmpipe|software|basic render/i.test(name);
  }

  /** [left, top, right, bottom] in pixels that panels leave free; the whole when panels leave too little. */
  function frameOf(width, height, insets) {
    const { left = 0, top = 0, right = 0, bottom = 0 } = insets || {};
    if (width - left - right < 240 || height - top - bottom < 200) return [0, 0, width, height];
    return [left, top, width - right, height - bottom];
  }

  /** What must be seen: the boundary, and every corner of the community's buildings, at their foot and on the roof. */
  function outline(scene) {
    const [w, s, e, n] = scene.bounds;
    const points = [];
    for (let k = 0; k < scene.c_xy.length; k += 2) points.push([scene.c_xy[k], scene.c_xy[k + 1], 0]);
    const { box, b_xy: xy, b_ring: ring, b_first_ring: first } = scene;
    for (let i = 0; i < scene.core; i++) {
      const x = (box[4 * i] + box[4 * i + 2]) / 2, y = (box[4 * i + 1] + box[4 * i + 3]) / 2;
      if (x < w || x > e || y < s || y > n) continue;
      for (let k = ring[first[i]]; k < ring[first[i] + 1]; k++) {
        points.push([xy[2 * k], xy[2 * k + 1], scene.b_base[i]], [xy[2 * k], xy[2 * k + 1], scene.top[i]]);
      }
    }
    if (!points.length) points.push([w, s, 0], [e, s, 0], [e, n, 0], [w, n, 0]);
    return points.length > MOST_POINTS ? extremes(points) : points;
  }

  const MOST_POINTS = 600;
  /** The outermost points in 24 directions: what limits the view, of however many. */
  function extremes(points) {
    const found = new Set();
    for (let k = 0; k < 24; k++) {
      const a = (k / 24) * Math.PI * 2, u = Math.cos(a), v = Math.sin(a);
      for (const lift of [0, 0.7]) {
        let best = points[0], most = -Infinity;
        for (const p of points) {
          const reach = p[0] * u + p[1] * v + lift * p[2];
          if (reach > most) { most = reach; best = p; }
        }
        found.add(best);
      }
    }
    return [...found];
  }

  function cameraAt(scene, width, height, view) {
    const viewport = new window.deck.WebMercatorViewport({ width, height, ...view });
    return parts.geometry.camera(viewport, scene.header.origin);
  }

  /**
   * View in which `points` fill `frame`. With `zoom` given the zoom stays and only their middle is centred.
   * Projection bends sizes, so it is found by a few steps of correction.
   */
  function fit(scene, points, frame, width, height, start, zoom) {
    const view = { ...start };
    const [l, t, r, b] = [frame[0] + AIR, frame[1] + AIR * 1.6, frame[2] - AIR, frame[3] - AIR];
    for (let step = 0; step < 14; step++) {
      const camera = cameraAt(scene, width, height, view);
      let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
      for (const p of points) {
        const [x, y, depth] = camera.project(...p);
        if (!(depth < 1)) continue;
        x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y);
      }
      if (!Number.isFinite(x0)) { view.zoom -= 1; continue; }
      const off = [(x0 + x1) / 2 - (l + r) / 2, (y0 + y1) / 2 - (t + b) / 2];
      const middle = camera.ground(width / 2 + off[0], Math.max(height * 0.2, height / 2 + off[1]));
      if (middle) [view.longitude, view.latitude] = camera.lngLat(...middle);
      if (zoom === undefined) {
        // a place that is being folded away may have less room than the air around: deck.gl refuses a zoom that is no number
        const scale = Math.min(Math.max(1, r - l) / Math.max(40, x1 - x0), Math.max(1, b - t) / Math.max(40, y1 - y0));
        view.zoom = Math.max(9, Math.min(20, view.zoom + Math.log2(scale) * (step < 8 ? 0.9 : 0.6)));
      }
    }
    return view;
  }

  function home(scene, frame, width, height) {
    const [longitude, latitude] = scene.header.origin;
    const start = { longitude, latitude, zoom: 16.5, pitch: PITCH, bearing: BEARING, maxPitch: 72, minZoom: 9, maxZoom: 21 };
    return fit(scene, outline(scene), frame, width, height, start);
  }

  /** View that brings a point (metres) into the middle of the free frame, near enough to read storeys. */
  function towards(scene, point, frame, width, height, view, closest) {
    const zoom = Math.max(view.zoom, closest);
    return fit(scene, [point], frame, width, height, { ...view, zoom }, zoom);
  }

  const NEAREST = 19.6;
  /** View in which the points (metres) of one building fill the free frame, seen as the whole is. */
  const BESIDE = [56, 216]; // pixels left and right of it for the storeys' names and for the callout
  function around(scene, points, whole, width, height) {
    const room = whole[2] - whole[0] > 560, frame = room ? [whole[0] + BESIDE[0], whole[1], whole[2] - BESIDE[1], whole[3]] : whole;
    const [longitude, latitude] = scene.header.origin;
    const start = { longitude, latitude, zoom: 18, pitch: PITCH, bearing: BEARING, maxPitch: 72, minZoom: 9, maxZoom: 21 };
    const view = fit(scene, points, frame, width, height, start);
    return view.zoom > NEAREST ? fit(scene, points, frame, width, height, { ...view, zoom: NEAREST }, NEAREST) : view;
  }

  const STEP = 90; // pixels per arrow key
  /** View after a key, or null when the key means nothing here. */
  function moved(scene, key, view, width, height) {
    const shift = (dx, dy) => {
      const to = cameraAt(scene, width, height, view).ground(width / 2 + dx, height / 2 + dy);
      if (!to) return null;
      const [longitude, latitude] = cameraAt(scene, width, height, view).lngLat(...to);
      return { ...view, longitude, latitude };
    };
    switch (key) {
      case "ArrowLeft": return shift(-STEP, 0);
      case "ArrowRight": return shift(STEP, 0);
      case "ArrowUp": return shift(0, -STEP);
      case "ArrowDown": return shift(0, STEP);
      case "+": case "=": return { ...view, zoom: Math.min(21, view.zoom + 0.5) };
      case "-": case "_": return { ...view, zoom: Math.max(9, view.zoom - 0.5) };
      case "q": case "Q": return { ...view, bearing: view.bearing - 15 };
      case "e": case "E": return { ...view, bearing: view.bearing + 15 };
      case "n": case "N": return { ...view, bearing: 0 };
      default: return null;
    }
  }

  /** A round length and its pixels at the middle of the view: {metres, pixels}. */
  function scaleBar(camera, widest) {
    const a = camera.ground(camera.width / 2 - 50, camera.height / 2), b = camera.ground(camera.width / 2 + 50, camera.height / 2);
    if (!a || !b) return { metres: 0, pixels: 0 };
    const perPixel = Math.hypot(a[0] - b[0], a[1] - b[1]) / 100;
    const most = perPixel * widest, power = 10 ** Math.floor(Math.log10(most));
    const metres = [5, 2, 1].map((k) => k * power).find((v) => v <= most) || power;
    return { metres, pixels: metres / perPixel };
  }

  parts.view = { PITCH, BEARING, FLY_MS, calm, easeOut, software, frameOf, home, towards, around, moved, scaleBar, cameraAt };
})();
