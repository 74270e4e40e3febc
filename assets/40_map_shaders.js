// The shaders of the map: buildings with windows, outlines and hatching; trees; ground; lines.
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
  vec4 pixels;   // size of the drawing in pixels, width of lines, the line between two instants (0: none)
  vec4 treeA;
  vec4 treeB;
  vec4 treeC;
  vec4 bandA;    // walking circles: metres at which the first four bands end
  vec4 bandB;    // the last two, the limit in metres, how strong what lies beyond it is drawn (below 0: shares, not metres)
} cim;
`;
  const UNIFORMS = {
    matrix: "mat4x4<f32>", sun: "vec4<f32>", light: "vec4<f32>", ground: "vec4<f32>", fade: "vec4<f32>",
    tint: "vec4<f32>", edge: "vec4<f32>", base: "vec4<f32>", pick: "vec4<f32>", pixels: "vec4<f32>",
    treeA: "vec4<f32>", treeB: "vec4<f32>", treeC: "vec4<f32>", bandA: "vec4<f32>", bandB: "vec4<f32>",
  };
  const cim = { name: "cim", vs: BLOCK, fs: BLOCK, uniformTypes: UNIFORMS };

  const BUILDING_VS = `#version 300 es
#define SHADER_NAME cim-building-vs
in vec3 positions; in vec4 extras; in vec4 normals;
// form: height, base, storey, strength of windows (2: a building of the city around)
uniform sampler2D stateTex; uniform sampler2D otherTex; uniform sampler2D formTex;
invariant gl_Position;   // a recoloured building must meet its own depth
out vec4 vExtra;        // wall: along, length, height above foot; roof: metres to three sides; w: 1 wall
flat out vec4 vColor;   // colour, flags
flat out vec4 vOther;   // the same at the other instant
flat out vec4 vForm;    // height, storey, strength of windows, strength of edges
out vec2 vLight;        // shade, share of the ground colour
out vec2 vPlace;
void main(void) {
  int i = int(extras.w + 0.5);
  ivec2 texel = ivec2(i % ${WIDTH}, i / ${WIDTH});
  vec4 state = texelFetch(stateTex, texel, 0);
  vec4 form = texelFetch(formTex, texel, 0);
  // a building that would hide the home in focus lies down: its plan stays, its walls do not
  float low = (int(state.a * 255.0 + 0.5) & 16) != 0 ? 0.03 : 1.0;
  float z = form.y + (positions.z - form.y) * low;
  gl_Position = cim.matrix * vec4(positions.xy, z, 1.0);
  if (cim.pick.w < 0.5 && abs(float(i) - cim.pick.x) < 0.5) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  float wall = step(0.5, normals.w);
  vExtra = vec4(extras.xy, mix(extras.z, z - form.y, wall), wall);
  float context = step(1.5, form.w);
  vColor = vec4(state.rgb, floor(state.a * 255.0 + 0.5));
  vec4 other = texelFetch(otherTex, texel, 0);
  vOther = vec4(other.rgb, floor(other.a * 255.0 + 0.5));
  vForm = vec4(form.x * low, form.z, form.w * (1.0 - context), 1.0 - context);
  float shade = cim.light.x + cim.sun.w * max(0.0, dot(normals.xyz, cim.sun.xyz)) * 1.35 + 0.06 * normals.z;
  float away = clamp((distance(positions.xy, cim.fade.xy) - cim.fade.z) / (cim.fade.w - cim.fade.z), 0.0, 1.0);
  vLight = vec2(shade * mix(1.0, cim.light.w, normals.z), context * away * 0.92);
  vPlace = positions.xy;
}`;

  const BUILDING_FS = `#version 300 es
#define SHADER_NAME cim-building-fs
precision highp float;
in vec4 vExtra; flat in vec4 vColor; flat in vec4 vOther; flat in vec4 vForm; in vec2 vLight; in vec2 vPlace;
out vec4 fragColor;
// how much of [x - w/2, x + w/2] lies in the repeating interval a..b of 1: sharp near, an even tone far away
float bars(float x, float w, float a, float b) {
  vec2 p = vec2(x - 0.5 * w, x + 0.5 * w);
  vec2 whole = floor(p) * (b - a) + clamp(fract(p) - a, 0.0, b - a);
  return (whole.y - whole.x) / w;
}
float noise(vec2 p) { return fract(sin(dot(p, vec2(12.9898, 78.233))) * 43758.5453); }
void main(void) {
  float x = gl_FragCoord.x, line = cim.pixels.w;
  vec4 own = (line > 0.0 && x > line) || (line < 0.0 && x < -line) ? vOther : vColor;
  int flags = int(own.a);
  bool hatched = (flags & 1) != 0, dimmed = (flags & 2) != 0, signal = (flags & 4) != 0;
  vec3 colour = own.rgb;
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
    // data keep their hue at night and in the past; what only stands there turns grey and dark
    float plain = (flags & 8) != 0 ? 0.0 : 1.0, night = cim.tint.w * step(0.5, vForm.w);
    colour = mix(colour, mix(colour, vec3(0.47, 0.55, 0.69), 0.1 + 0.35 * plain) * mix(0.74, 0.58, plain), night);
    colour = mix(colour, vec3(dot(colour, vec3(0.3, 0.59, 0.11))) * 0.9, cim.base.w * 0.16 * plain);
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

  parts.shaders = {
    WIDTH, cim, BUILDING_VS: FOCUS_VS(BUILDING_VS), BUILDING_FS, TREE_VS, TREE_FS, GROUND_VS, GROUND_FS, LINE_VS, LINE_FS,
  };
})();
