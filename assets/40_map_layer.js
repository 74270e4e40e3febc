// The one deck.gl layer that draws the scene: a few baked meshes, colour per building from a small texture.
// An update rewrites the texels that changed; no mesh, no layer and no attribute is rebuilt.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});
  const WIDTH = 256; // texels per row of the per-building textures

  const BLOCK = `
layout(std140) uniform cimUniforms {
  mat4 matrix;   // metres -> clip
  vec4 sun;      // direction, strength
  vec4 light;    // ambient, brightness at the foot, glass, roof
  vec4 ground;   // colour the distance sinks into, light of what is not in focus
  vec4 fade;     // centre x y, from, to (metres)
  vec4 tint;     // colour of the hour, night 0..1
  vec4 edge;     // colour of roof edges, strength
  vec4 base;     // colour of foot edges, calm 0..1 (the past)
  vec4 pick;     // hidden, selected, pointed at (building numbers), 1 = lifted floors
  vec4 pixels;   // size of the drawing in pixels, width of lines
  vec4 treeA;
  vec4 treeB;
  vec4 treeC;
} cim;
`;
  const UNIFORMS = {
    matrix: "mat4x4<f32>", sun: "vec4<f32>", light: "vec4<f32>", ground: "vec4<f32>", fade: "vec4<f32>",
    tint: "vec4<f32>", edge: "vec4<f32>", base: "vec4<f32>", pick: "vec4<f32>", pixels: "vec4<f32>",
    treeA: "vec4<f32>", treeB: "vec4<f32>", treeC: "vec4<f32>",
  };
  const cim = { name: "cim", vs: BLOCK, fs: BLOCK, uniformTypes: UNIFORMS };

  const BUILDING_VS = `#version 300 es
#define SHADER_NAME cim-building-vs
in vec3 positions; in vec4 extras; in vec4 normals;
// form: height, base, storey, strength of windows (2: a building of the city around)
uniform sampler2D stateTex; uniform sampler2D formTex;
invariant gl_Position;   // a recoloured building must meet its own depth
out vec4 vExtra;        // wall: along, length, height above foot; roof: metres to three sides; w: 1 wall
flat out vec4 vColor;   // colour, flags
flat out vec4 vForm;    // height, storey, strength of windows, strength of edges
out vec2 vLight;        // shade, share of the ground colour
out vec2 vPlace;
void main(void) {
  int i = int(extras.w + 0.5);
  ivec2 texel = ivec2(i % ${WIDTH}, i / ${WIDTH});
  vec4 state = texelFetch(stateTex, texel, 0);
  vec4 form = texelFetch(formTex, texel, 0);
  gl_Position = cim.matrix * vec4(positions, 1.0);
  if (cim.pick.w < 0.5 && abs(float(i) - cim.pick.x) < 0.5) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  float wall = step(0.5, normals.w);
  vExtra = vec4(extras.xy, mix(extras.z, positions.z - form.y, wall), wall);
  float context = step(1.5, form.w);
  vColor = vec4(state.rgb, floor(state.a * 255.0 + 0.5));
  vForm = vec4(form.x, form.z, form.w * (1.0 - context), 1.0 - context);
  float shade = cim.light.x + cim.sun.w * max(0.0, dot(normals.xyz, cim.sun.xyz)) * 1.35 + 0.06 * normals.z;
  float away = clamp((distance(positions.xy, cim.fade.xy) - cim.fade.z) / (cim.fade.w - cim.fade.z), 0.0, 1.0);
  vLight = vec2(shade * mix(1.0, cim.light.w, normals.z), context * away * 0.92);
  vPlace = positions.xy;
}`;

  const BUILDING_FS = `#version 300 es
#define SHADER_NAME cim-building-fs
precision highp float;
in vec4 vExtra; flat in vec4 vColor; flat in vec4 vForm; in vec2 vLight; in vec2 vPlace;
out vec4 fragColor;
// how much of [x - w/2, x + w/2] lies in the repeating interval a..b of 1: sharp near, an even tone far away
float bars(float x, float w, float a, float b) {
  vec2 p = vec2(x - 0.5 * w, x + 0.5 * w);
  vec2 whole = floor(p) * (b - a) + clamp(fract(p) - a, 0.0, b - a);
  return (whole.y - whole.x) / w;
}
float noise(vec2 p) { return fract(sin(dot(p, vec2(12.9898, 78.233))) * 43758.5453); }
void main(void) {
  int flags = int(vColor.a);
  bool hatched = (flags & 1) != 0, dimmed = (flags & 2) != 0, signal = (flags & 4) != 0;
  vec3 colour = vColor.rgb;
  float k = vLight.x;
  float lit = 0.0, foot = 0.0;
  vec2 px = vec2(length(vec2(dFdx(vPlace.x), dFdy(vPlace.x))), length(vec2(dFdx(vPlace.y), dFdy(vPlace.y))));
  if (vExtra.w > 0.5) {
    float z = vExtra.z;
    float wz = max(fwidth(z), 1e-4);
    k *= cim.light.y + (1.0 - cim.light.y) * pow(clamp(z / max(14.0, vForm.x), 0.0, 1.0), 0.7);
    if (vForm.z > 0.0 && vExtra.y > 2.6) {
      float columns = max(1.0, floor(vExtra.y / 3.4 + 0.5)) / vExtra.y;
      float f = z / vForm.y, c = vExtra.x * columns;
      float wf = max(wz / vForm.y, 1e-3), wc = max(fwidth(vExtra.x) * columns, 1e-3);
      float glass = bars(f, wf, 0.30, 0.86) * bars(c, wc, 0.2, 0.8);
      float own = (noise(floor(vec2(f, c)) + vForm.x) - 0.5) * 0.14 * clamp(1.0 - 2.0 * max(wf, wc), 0.0, 1.0);
      k *= mix(1.0, cim.light.z + own, glass * vForm.z);
    }
    lit = (1.0 - smoothstep(0.6, 1.6, (vForm.x - z) / wz)) * clamp(1.6 / (wz + 0.4), 0.0, 1.0);
    foot = (1.0 - smoothstep(0.4, 1.8, z / wz)) * clamp(1.2 / (wz + 0.4), 0.0, 1.0);
    if (hatched) {
      float s = (vExtra.x + z) / 5.0;
      colour *= mix(1.0, 0.62, bars(s, max(fwidth(s), 1e-3), 0.0, 0.45));
    }
  } else {
    float d = min(vExtra.x, min(vExtra.y, vExtra.z));
    float w = max(0.71 * (px.x + px.y), 1e-4);
    lit = (1.0 - smoothstep(0.6, 1.6, d / w)) * clamp(1.6 / (w + 0.4), 0.0, 1.0);
    k *= mix(1.05, 0.985, smoothstep(0.7 - w, 0.7 + w, d));
    if (hatched) {
      float s = (vPlace.x + vPlace.y) / 5.0;
      colour *= mix(1.0, 0.62, bars(s, max(fwidth(s), 1e-3), 0.0, 0.45));
    }
  }
  if (!signal) {
    colour = mix(colour, mix(colour, vec3(0.47, 0.55, 0.69), 0.45) * 0.58, cim.tint.w * step(0.5, vForm.w));
    float grey = dot(colour, vec3(0.3, 0.59, 0.11));
    colour = mix(colour, vec3(grey) * 0.9, cim.base.w * 0.16);
  }
  colour *= k * mix(cim.tint.rgb, vec3(1.0), vForm.w);
  float strength = cim.edge.w * mix(0.24, 1.0, vForm.w) * mix(1.0, 0.6, cim.tint.w) * cim.ground.w;
  colour = mix(colour, cim.edge.rgb, lit * strength);
  colour = mix(colour, cim.base.rgb, foot * 0.7);
  colour = mix(colour, cim.ground.rgb, vLight.y);
  if (dimmed) colour = mix(colour, cim.ground.rgb, 0.72);
  fragColor = vec4(colour, 1.0);
}`;

  // the two things that depend on which building it is: pointed at, and out of focus
  const FOCUS_VS = (source) => source.replace(
    "vPlace = positions.xy;",
    `vPlace = positions.xy;
  if (cim.pick.w < 0.5) {
    if (abs(float(i) - cim.pick.z) < 0.5) vLight.x *= 1.16;
    bool mine = abs(float(i) - cim.pick.y) < 0.5;
    bool alarm = (int(vColor.a) & 4) != 0;
    if (!mine) vLight.x *= alarm ? mix(1.0, cim.ground.w, 0.4) : cim.ground.w;
  }`,
  );

  const TREE_VS = `#version 300 es
#define SHADER_NAME cim-tree-vs
in vec3 positions; in vec4 shades;
out vec3 vColor;
void main(void) {
  gl_Position = cim.matrix * vec4(positions, 1.0);
  // four metres under two pixels high: from here a tree is only a flickering dot
  vec4 up = cim.matrix * vec4(positions + vec3(0.0, 0.0, 4.0), 1.0);
  if ((up.y / up.w - gl_Position.y / gl_Position.w) * cim.pixels.y < 4.0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  float kind = floor(shades.y * 255.0 + 0.5);
  vec3 green = kind < 0.5 ? cim.treeA.rgb : kind < 1.5 ? cim.treeB.rgb : cim.treeC.rgb;
  float away = clamp((distance(positions.xy, cim.fade.xy) - cim.fade.z) / (cim.fade.w - cim.fade.z), 0.0, 1.0);
  vColor = mix(green * shades.x * 2.0 * cim.tint.rgb * mix(1.0, cim.ground.w, 0.9), cim.ground.rgb, away * 0.8);
}`;
  const TREE_FS = `#version 300 es
#define SHADER_NAME cim-tree-fs
precision mediump float;
in vec3 vColor; out vec4 fragColor;
void main(void) { fragColor = vec4(vColor, 1.0); }`;

  const GROUND_VS = `#version 300 es
#define SHADER_NAME cim-ground-vs
in vec2 positions; in vec2 uvs;
out vec2 vUv;
void main(void) { gl_Position = cim.matrix * vec4(positions, 0.0, 1.0); vUv = uvs; }`;
  const GROUND_FS = `#version 300 es
#define SHADER_NAME cim-ground-fs
precision highp float;
uniform sampler2D picture;
in vec2 vUv; out vec4 fragColor;
void main(void) {
  vec3 c = texture(picture, vUv, -0.5).rgb * cim.tint.rgb; // a slanted picture without anisotropy is else too soft
  fragColor = vec4(mix(cim.ground.rgb, c, mix(0.62, 1.0, (cim.ground.w - 0.6) / 0.4)), 1.0);
}`;

  const LINE_VS = `#version 300 es
#define SHADER_NAME cim-line-vs
in vec3 positions; in vec3 others; in vec2 sides; in vec4 colours;
out vec4 vColor;
void main(void) {
  vec4 a = cim.matrix * vec4(positions, 1.0), b = cim.matrix * vec4(others, 1.0);
  vec2 d = (b.xy / b.w - a.xy / a.w) * cim.pixels.xy;
  vec2 n = length(d) > 0.0 ? normalize(vec2(-d.y, d.x)) : vec2(0.0);
  a.xy += n * sides.x * cim.pixels.z / cim.pixels.xy * a.w;
  a.z -= 0.0004 * a.w;
  gl_Position = a; vColor = colours;
}`;
  const LINE_FS = `#version 300 es
#define SHADER_NAME cim-line-fs
precision mediump float;
in vec4 vColor; out vec4 fragColor;
void main(void) { fragColor = vec4(vColor.rgb * vColor.a, vColor.a); }`;

  const SOLID = { depthCompare: "less-equal", depthWriteEnabled: true, cullMode: "back", blend: false };

  /** Mesh of lines [[from, to, [r, g, b, a]], ...] as thin quads that keep their width in pixels. */
  function lineMesh(lines) {
    const n = lines.length;
    const position = new Float32Array(n * 12), other = new Float32Array(n * 12);
    const side = new Float32Array(n * 8), colour = new Uint8Array(n * 16), index = new Uint32Array(n * 6);
    lines.forEach(([a, b, c], k) => {
      [[a, b, 1], [a, b, -1], [b, a, 1], [b, a, -1]].forEach(([p, q, s], v) => {
        position.set(p, k * 12 + v * 3);
        other.set(q, k * 12 + v * 3);
        side.set([s, 0], k * 8 + v * 2);
        colour.set(c, k * 16 + v * 4);
      });
      const v = k * 4;
      index.set([v, v + 1, v + 2, v, v + 2, v + 3], k * 6);
    });
    return { position, other, side, colour, index };
  }

  const MOST_PATCHED = 2000; // more changed buildings than this: a whole frame is not dearer

  let LayerClass = null;

  /** The layer class; made on first use, because deck.gl comes after this file. */
  function sceneLayer() {
    if (LayerClass) return LayerClass;
    const { Layer } = window.deck;
    const { Model, Buffer } = window.luma;

    LayerClass = class CimSceneLayer extends Layer {
      initializeState() {
        const manager = this.getAttributeManager();
        if (manager) manager.remove(["instancePickingColors"]);
        this.owned = new Map(); // name -> {model, buffers, textures}
        this.props.onReady(this);
      }
      getModels() { return []; } // drawn below, in an order and with uniforms of its own
      shouldUpdateState() { return false; }

      _replace(name, made) {
        const old = this.owned.get(name);
        if (made) this.owned.set(name, made); else this.owned.delete(name);
        if (old) this._free(old);
        this.setNeedsRedraw();
      }
      _free({ model, patch, buffers, textures }) {
        if (model) model.destroy();
        if (patch) patch.destroy();
        for (const b of buffers || []) b.destroy();
        for (const t of textures || []) t.destroy();
      }
      finalizeState(context) {
        super.finalizeState(context);
        for (const item of this.owned.values()) this._free(item);
        this.owned.clear();
      }

      _model(id, vs, fs, layout, data, index, bindings, parameters) {
        const device = this.context.device;
        const attributes = {}, buffers = [];
        for (const [name] of layout) {
          const buffer = device.createBuffer({ data: data[name] });
          attributes[name] = buffer;
          buffers.push(buffer);
        }
        const indexBuffer = device.createBuffer({ usage: Buffer.INDEX, data: index });
        buffers.push(indexBuffer);
        const bufferLayout = layout.map(([name, format]) => ({ name, format }));
        const again = (indices, vertexCount) => new Model(device, {
          id, vs, fs, modules: [cim], topology: "triangle-list", isInstanced: false, vertexCount,
          indexBuffer: indices, attributes, bindings, parameters, bufferLayout,
        });
        return { model: again(indexBuffer, index.length), again, buffers, textures: [] };
      }

      _texels(count, format, data) {
        const height = Math.max(1, Math.ceil(count / WIDTH));
        return this.context.device.createTexture({
          width: WIDTH, height, format, data, mipLevels: 1,
          sampler: { minFilter: "nearest", magFilter: "nearest" },
        });
      }

      _prisms(name, mesh, count, form, colours) {
        const state = this._texels(count, "rgba8unorm", colours);
        const shape = this._texels(count, "rgba32float", form);
        const made = this._model(
          `cim-${name}`, FOCUS_VS(BUILDING_VS), BUILDING_FS,
          [["positions", "float32x3"], ["extras", "float32x4"], ["normals", "snorm8x4"]],
          { positions: mesh.position, extras: mesh.extra, normals: mesh.normal }, mesh.index,
          { stateTex: state, formTex: shape }, SOLID,
        );
        made.textures = [state, shape];
        made.state = state;
        made.mesh = mesh;
        this._replace(name, made);
      }
      /** `form` and `colours` hold one texel per building (padded to whole rows of WIDTH). */
      setBuildings(mesh, count, form, colours) { this._prisms("buildings", mesh, count, form, colours); }
      setFloors(mesh, count, form, colours) {
        if (mesh) this._prisms("floors", mesh, count, form, colours); else this._replace("floors", null);
      }
      /**
       * Writes the texels of some buildings (null: all) and shows them. When nothing else is to be redrawn, only
       * those buildings are drawn over the kept picture: same shape, same depth, new colour. So a change costs
       * what it changes, not a frame, which is what a screen without a graphics card needs.
       */
      recolour(colours, numbers) {
        const item = this.owned.get("buildings");
        if (!item) return;
        const rows = colours.length / 4 / WIDTH;
        const of = (numbers || []).map((i) => Math.floor(i / WIDTH));
        const from = numbers ? Math.min(...of) : 0, to = numbers ? Math.max(...of) : rows - 1;
        item.state.writeData(colours.subarray(from * WIDTH * 4, (to + 1) * WIDTH * 4), {
          x: 0, y: from, width: WIDTH, height: to - from + 1,
        });
        const covered = this.owned.has("floors") || this.owned.has("outline") || this.owned.has("wire");
        const kept = numbers && this.drawn && !covered && numbers.length <= MOST_PATCHED && this._pictureKept();
        if (kept) this._patch(item, numbers); else this.setNeedsRedraw();
      }

      /** Whether the last whole picture is still in the drawing buffer: nothing due, and no change of its size. */
      _pictureKept() {
        const { deck, device } = this.context, { canvas } = device.gl;
        const [width, height] = device.canvasContext.getDrawingBufferSize();
        const [w, h] = this.drawn.pixels;
        return w === width && h === height && w === canvas.width && h === canvas.height &&
          !deck.needsRedraw({ clearRedrawFlags: false });
      }

      _patch(item, numbers) {
        const { device } = this.context;
        const { firstIndex, index } = item.mesh;
        const length = numbers.reduce((n, i) => n + firstIndex[i + 1] - firstIndex[i], 0);
        if (!length) return;
        const chosen = new Uint32Array(length);
        let n = 0;
        for (const i of numbers) {
          chosen.set(index.subarray(firstIndex[i], firstIndex[i + 1]), n);
          n += firstIndex[i + 1] - firstIndex[i];
        }
        const buffer = device.createBuffer({ usage: Buffer.INDEX, data: chosen });
        if (!item.patch) item.patch = item.again(buffer, length);
        item.patch.setIndexBuffer(buffer);
        item.patch.setVertexCount(length);
        const [width, height] = device.canvasContext.getDrawingBufferSize();
        const pass = device.beginRenderPass({
          framebuffer: device.canvasContext.getCurrentFramebuffer(), parameters: { viewport: [0, 0, width, height] },
          clearColor: false, clearDepth: false, clearStencil: false,
        });
        item.patch.shaderInputs.setProps({ cim: this.drawn });
        item.patch.draw(pass);
        pass.end();
        device.submit();
        buffer.destroy();
      }
      setTrees(mesh) {
        if (!mesh.index.length) { this._replace("trees", null); return; }
        this._replace("trees", this._model(
          "cim-trees", TREE_VS, TREE_FS, [["positions", "float32x3"], ["shades", "unorm8x4"]],
          { positions: mesh.position, shades: mesh.shade }, mesh.index, {}, SOLID,
        ));
      }
      /** A canvas on the rectangles [[west, south, east, north], ...] of a picture covering `box`. */
      setGround(name, canvas, box, rectangles, anisotropy) {
        const device = this.context.device;
        const position = [], uv = [], index = [];
        for (const [w, s, e, n] of rectangles) {
          const v = position.length / 2;
          for (const [x, y] of [[w, s], [e, s], [e, n], [w, n]]) {
            position.push(x, y);
            uv.push((x - box[0]) / (box[2] - box[0]), (box[3] - y) / (box[3] - box[1]));
          }
          index.push(v, v + 1, v + 2, v, v + 2, v + 3);
        }
        const { width, height } = canvas;
        const texture = device.createTexture({
          width, height, format: "rgba8unorm", mipLevels: device.getMipLevelCount(width, height),
          sampler: {
            minFilter: "linear", magFilter: "linear", mipmapFilter: "linear", maxAnisotropy: anisotropy,
            addressModeU: "clamp-to-edge", addressModeV: "clamp-to-edge",
          },
        });
        texture.copyExternalImage({ image: canvas, width, height });
        texture.generateMipmapsWebGL();
        const made = this._model(
          `cim-${name}`, GROUND_VS, GROUND_FS, [["positions", "float32x2"], ["uvs", "float32x2"]],
          { positions: new Float32Array(position), uvs: new Float32Array(uv) }, new Uint32Array(index),
          { picture: texture }, { depthCompare: "less-equal", depthWriteEnabled: false, cullMode: "none", blend: false },
        );
        made.textures = [texture];
        this._replace(name, made);
      }
      /** Lines over the scene; `always`: seen through everything. */
      setLines(name, lines, always) {
        if (!lines || !lines.length) { this._replace(name, null); return; }
        const m = lineMesh(lines);
        this._replace(name, this._model(
          `cim-${name}`, LINE_VS, LINE_FS,
          [["positions", "float32x3"], ["others", "float32x3"], ["sides", "float32x2"], ["colours", "unorm8x4"]],
          { positions: m.position, others: m.other, sides: m.side, colours: m.colour }, m.index, {},
          {
            depthCompare: always ? "always" : "less-equal", depthWriteEnabled: false, cullMode: "none", blend: true,
            blendColorOperation: "add", blendColorSrcFactor: "one", blendColorDstFactor: "one-minus-src-alpha",
            blendAlphaOperation: "add", blendAlphaSrcFactor: "one", blendAlphaDstFactor: "one-minus-src-alpha",
          },
        ));
      }

      draw() {
        const uniforms = this.props.uniforms(this.context.viewport);
        this.drawn = uniforms;
        if (!uniforms) return;
        // near things first: what they cover of the ground is never shaded
        for (const name of ["buildings", "floors", "trees", "inner", "outer", "outline", "wire"]) {
          const item = this.owned.get(name);
          if (!item) continue;
          const own = name === "floors" ? { ...uniforms, pick: [-1, -1, -1, 1], edge: [...uniforms.edge.slice(0, 3), 0.16], ground: [...uniforms.ground.slice(0, 3), 1] } : uniforms;
          item.model.shaderInputs.setProps({ cim: own });
          item.model.draw(this.context.renderPass);
        }
      }
    };
    LayerClass.layerName = "CimSceneLayer";
    LayerClass.defaultProps = {
      uniforms: { type: "function", value: () => null, compare: false },
      onReady: { type: "function", value: () => {}, compare: false },
    };
    return LayerClass;
  }

  parts.layer = { sceneLayer, WIDTH };
})();
