// Reads the geometry answer (format CIM1, layouts/parts/map_scene.py), projects and picks.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});
  const TYPES = { f32: Float32Array, u32: Uint32Array, u8: Uint8Array };

  /** ArrayBuffer -> {header, arrays..., count, core, centre(i), box} */
  function parse(buffer) {
    const magic = new TextDecoder().decode(new Uint8Array(buffer, 0, 4));
    if (magic !== "CIM1") throw new Error(`map geometry: found "${magic}", expected CIM1; reload the page`);
    const length = new DataView(buffer).getUint32(4, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
    const scene = { header, core: header.buildings.core, count: header.buildings.ids.length };
    for (const [name, a] of Object.entries(header.arrays)) {
      scene[name] = new TYPES[a.type](buffer, 8 + length + a.offset, a.length);
    }
    scene.indexOf = new Map(header.buildings.ids.map((id, i) => [id, i]));
    boxes(scene);
    extent(scene);
    return scene;
  }

  // bounding box of every building: west, south, east, north
  function boxes(scene) {
    const { b_xy: xy, b_ring: ring, b_first_ring: first, count } = scene;
    const box = (scene.box = new Float32Array(count * 4));
    for (let i = 0; i < count; i++) {
      let w = Infinity, s = Infinity, e = -Infinity, n = -Infinity;
      for (let k = ring[first[i]]; k < ring[first[i + 1]]; k++) {
        w = Math.min(w, xy[2 * k]); e = Math.max(e, xy[2 * k]);
        s = Math.min(s, xy[2 * k + 1]); n = Math.max(n, xy[2 * k + 1]);
      }
      box.set([w, s, e, n], i * 4);
    }
  }

  // what fills the view (bounds), and the circles where the city around sinks into the ground
  function extent(scene) {
    const [w, s, e, n] = scene.header.bounds.length ? scene.header.bounds : [-200, -200, 200, 200];
    const diagonal = Math.max(160, Math.hypot(e - w, n - s));
    scene.bounds = [w, s, e, n];
    scene.centre = [(w + e) / 2, (s + n) / 2];
    scene.fade = { buildings: [0.38 * diagonal, 0.96 * diagonal], ground: [0.53 * diagonal, 0.98 * diagonal] };
  }

  /** Points of ring r as [[x, y], ...]. */
  function ringPoints(xy, ring, r) {
    const points = [];
    for (let k = ring[r]; k < ring[r + 1]; k++) points.push([xy[2 * k], xy[2 * k + 1]]);
    return points;
  }

  function inside(xy, from, to, x, y) {
    let odd = false;
    for (let a = from, b = to - 1; a < to; b = a++) {
      const ya = xy[2 * a + 1], yb = xy[2 * b + 1];
      if (ya > y !== yb > y && x < ((xy[2 * b] - xy[2 * a]) * (y - ya)) / (yb - ya) + xy[2 * a]) odd = !odd;
    }
    return odd;
  }

  /** Whether (x, y) lies in building i (holes are outside: even-odd over all its rings). */
  function covers(scene, i, x, y) {
    let odd = false;
    for (let r = scene.b_first_ring[i]; r < scene.b_first_ring[i + 1]; r++) {
      if (inside(scene.b_xy, scene.b_ring[r], scene.b_ring[r + 1], x, y)) odd = !odd;
    }
    return odd;
  }

  /**
   * First building a ray meets, or -1. Prisms are tested directly: exact, and no drawing is needed for it.
   * `top(i)` is the height of building i as drawn.
   */
  function pick(scene, from, to, limit, top) {
    const d = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
    let best = Infinity, found = -1;
    for (let i = 0; i < limit; i++) {
      const o = i * 4, low = scene.b_base[i], high = top(i);
      let t0 = 0, t1 = 1;
      for (let axis = 0; axis < 3; axis++) {
        const a = axis < 2 ? scene.box[o + axis] : low, b = axis < 2 ? scene.box[o + 2 + axis] : high;
        if (Math.abs(d[axis]) < 1e-9) { if (from[axis] < a || from[axis] > b) t0 = 2; continue; }
        const u = (a - from[axis]) / d[axis], v = (b - from[axis]) / d[axis];
        t0 = Math.max(t0, Math.min(u, v)); t1 = Math.min(t1, Math.max(u, v));
      }
      if (t0 > t1 || t0 >= best) continue;
      const t = hit(scene, i, from, d, low, high);
      if (t < best) { best = t; found = i; }
    }
    return found;
  }

  function hit(scene, i, from, d, low, high) {
    let best = Infinity;
    const roof = (high - from[2]) / d[2];
    if (roof > 0 && covers(scene, i, from[0] + d[0] * roof, from[1] + d[1] * roof)) best = roof;
    const { b_xy: xy, b_ring: ring, b_first_ring: first } = scene;
    for (let r = first[i]; r < first[i + 1]; r++) {
      for (let k = ring[r]; k < ring[r + 1]; k++) {
        const j = k + 1 < ring[r + 1] ? k + 1 : ring[r];
        const ax = xy[2 * k], ay = xy[2 * k + 1], ex = xy[2 * j] - ax, ey = xy[2 * j + 1] - ay;
        const det = d[0] * ey - d[1] * ex;
        if (Math.abs(det) < 1e-12) continue;
        const t = ((ax - from[0]) * ey - (ay - from[1]) * ex) / det;
        const s = ((ax - from[0]) * d[1] - (ay - from[1]) * d[0]) / det;
        const z = from[2] + d[2] * t;
        if (t > 0 && t < best && s >= 0 && s <= 1 && z >= low && z <= high) best = t;
      }
    }
    return best;
  }

  // ---- 4x4 matrices, column-major, in double precision
  function multiply(a, b) {
    const o = new Array(16);
    for (let c = 0; c < 4; c++) {
      for (let r = 0; r < 4; r++) {
        o[c * 4 + r] = a[r] * b[c * 4] + a[4 + r] * b[c * 4 + 1] + a[8 + r] * b[c * 4 + 2] + a[12 + r] * b[c * 4 + 3];
      }
    }
    return o;
  }

  function invert(m) {
    const a = [0, 1, 2, 3].map((r) => [0, 1, 2, 3, 4, 5, 6, 7].map((c) => (c < 4 ? m[c * 4 + r] : c - 4 === r ? 1 : 0)));
    for (let c = 0; c < 4; c++) {
      let p = c;
      for (let r = c + 1; r < 4; r++) if (Math.abs(a[r][c]) > Math.abs(a[p][c])) p = r;
      [a[c], a[p]] = [a[p], a[c]];
      const k = a[c][c];
      for (let j = 0; j < 8; j++) a[c][j] /= k;
      for (let r = 0; r < 4; r++) {
        const f = a[r][c];
        if (r !== c && f) for (let j = 0; j < 8; j++) a[r][j] -= f * a[c][j];
      }
    }
    const o = new Array(16);
    for (let c = 0; c < 4; c++) for (let r = 0; r < 4; r++) o[c * 4 + r] = a[r][4 + c];
    return o;
  }

  /**
   * The camera of one viewport in the scene's own metres: drawing, labels and picking use this one matrix.
   * It is composed in double precision and only then rounded, so nothing trembles far from 0° 0°.
   */
  function camera(viewport, origin) {
    const world = viewport.projectPosition([origin[0], origin[1], 0]);
    const unit = viewport.getDistanceScales([origin[0], origin[1]]).unitsPerMeter;
    const place = [unit[0], 0, 0, 0, 0, unit[1], 0, 0, 0, 0, unit[2], 0, world[0], world[1], 0, 1];
    const matrix = multiply(viewport.viewProjectionMatrix, place);
    const { width, height } = viewport;
    let inverse = null;
    /** metres -> [x, y, depth] in CSS pixels; depth > 1 is behind the camera */
    const project = (x, y, z) => {
      const w = matrix[3] * x + matrix[7] * y + matrix[11] * z + matrix[15];
      if (w <= 0) return [NaN, NaN, 2];
      const u = (matrix[0] * x + matrix[4] * y + matrix[8] * z + matrix[12]) / w;
      const v = (matrix[1] * x + matrix[5] * y + matrix[9] * z + matrix[13]) / w;
      const q = (matrix[2] * x + matrix[6] * y + matrix[10] * z + matrix[14]) / w;
      return [((u + 1) / 2) * width, ((1 - v) / 2) * height, q];
    };
    const back = (u, v, q) => {
      inverse = inverse || invert(matrix);
      const p = [0, 1, 2, 3].map((r) => inverse[r] * u + inverse[4 + r] * v + inverse[8 + r] * q + inverse[12 + r]);
      return [p[0] / p[3], p[1] / p[3], p[2] / p[3]];
    };
    /** CSS pixel -> two points of its line of sight */
    const ray = (sx, sy) => {
      const u = (sx / width) * 2 - 1, v = 1 - (sy / height) * 2;
      return [back(u, v, -1), back(u, v, 0.9999)];
    };
    /** CSS pixel -> metres on the ground, or null above the horizon */
    const ground = (sx, sy) => {
      const [a, b] = ray(sx, sy), t = a[2] / (a[2] - b[2]);
      return t > 0 && Number.isFinite(t) ? [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t] : null;
    };
    /** metres -> [longitude, latitude] as this viewport understands them */
    const lngLat = (x, y) => viewport.unprojectPosition([world[0] + x * unit[0], world[1] + y * unit[1], 0]).slice(0, 2);
    return { matrix, width, height, project, ray, ground, lngLat, viewport };
  }

  parts.geometry = { parse, ringPoints, covers, pick, camera };
})();
