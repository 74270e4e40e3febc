/* The browser's half of a panel's place (layouts/parts/drawn.py): HTML as it comes, or components of Dash inside. */
(function () {
  "use strict";
  const { createElement } = window.React;

  function Drawn({ id, className, children }) {
    if (typeof children !== "string") return createElement("div", { key: "parts", id, className }, children);
    return createElement("div", { key: "html", id, className, dangerouslySetInnerHTML: { __html: children } });
  }

  window.layouts = Object.assign(window.layouts || {}, { Drawn });
})();
