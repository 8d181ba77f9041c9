"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  let figures = {};
  const partners = JSON.parse(byId("dark-colours").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const still = { responsive: false, displayModeBar: false, scrollZoom: false, doubleClick: false };
  const hidden = new Map();
  const boxes = [...document.querySelectorAll("[data-figure]")];
  const PRINT_WIDTH = 690;
  let printing = false;

  async function unpacked(id) {
    const text = byId(id).textContent.trim();
    const bytes = Uint8Array.fromBase64
      ? Uint8Array.fromBase64(text)
      : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    byId(id).remove();
    return new Response(stream).text();
  }

  async function unpack() {
    const [mine, plotly] = await Promise.all(["figures", "plotly-packed"].map(unpacked));
    figures = JSON.parse(mine);
    const redraw = (name) => draw(byId(`figure-${name}`));
    document.dispatchEvent(new CustomEvent("unpacked", { detail: { figures, redraw } }));
    const script = document.createElement("script");
    script.textContent = plotly;
    document.head.append(script); // runs because the policy names the hash of its text
    script.remove();
    if (!window.Plotly) throw new Error("plotly did not start");
  }

  function recoloured(value) {
    if (typeof value === "string") return partners[value] ?? value;
    if (Array.isArray(value)) return value.map(recoloured);
    if (value === null || typeof value !== "object" || value.bdata) return value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, recoloured(v)]));
  }

  const shown = (trace) =>
    hidden.has(trace.meta) ? !hidden.get(trace.meta) : trace.visible !== false;

  function fitted(figure, width) {
    const inDark = dark.matches && !printing;
    // What is hidden is not handed over: plotly.js would prepare it all the same.
    const asked = { data: figure.data.filter(shown), layout: figure.layout };
    const copy = inDark ? recoloured(asked) : structuredClone(asked);
    for (const trace of copy.data) trace.visible = true;
    const layout = copy.layout;
    layout.width = width;
    const { labels = [], narrow, print } = layout.meta ?? {};
    const inside = width - layout.margin.l - layout.margin.r;
    for (const label of labels) {
      const fits = label.share * inside > 7.4 * label.letters + 6;
      const note = layout.annotations[label.at];
      if (fits) note.text = label.text;
      else if (label.share * inside < 8 * note.text.length) note.text = "";
    }
    const small = printing ? print : width < 560 ? narrow : null;
    for (const [path, value] of Object.entries(small ?? {})) {
      const keys = path.split(".");
      const last = keys.pop();
      let at = layout;
      for (const key of keys) at = at[key] ??= {};
      at[last] = value;
    }
    return copy;
  }

  function draw(box) {
    const style = getComputedStyle(box);
    const inner = box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const { data, layout } = fitted(figures[box.dataset.figure], printing ? PRINT_WIDTH : inner);
    box.querySelector(".waiting")?.remove();
    box.classList.add("drawn");
    return window.Plotly.react(box, data, layout, still);
  }

  const drawAll = () => boxes.forEach(draw);
  const breath = () => new Promise((done) => setTimeout(done));

  function wire() {
    let width = innerWidth;
    let timer = 0;
    addEventListener("resize", () => {
      if (innerWidth === width || printing) return;
      width = innerWidth;
      clearTimeout(timer);
      timer = setTimeout(drawAll, 120);
    });
    dark.addEventListener("change", drawAll);
    for (const input of document.querySelectorAll("[data-kind]")) {
      hidden.set(input.dataset.kind, !input.checked);
      input.addEventListener("change", () => {
        hidden.set(input.dataset.kind, !input.checked);
        drawAll();
      });
    }
    const folded = [];
    addEventListener("beforeprint", () => {
      printing = true;
      drawAll();
      if (!document.body.classList.contains("researcher")) return;
      for (const fold of document.querySelectorAll("details:not([open])")) {
        fold.open = true;
        folded.push(fold);
      }
    });
    addEventListener("afterprint", () => {
      printing = false;
      drawAll();
      for (const fold of folded.splice(0)) fold.open = false;
    });
  }

  async function start() {
    if (!boxes.length) {
      document.documentElement.dataset.ready = "yes";
      return;
    }
    await breath(); // the words are on the screen first
    try {
      await unpack();
    } catch (error) {
      console.warn(error);
      for (const note of document.querySelectorAll(".waiting")) {
        note.textContent = note.dataset.tooOld;
        note.removeAttribute("aria-hidden");
        note.parentElement.removeAttribute("role");
      }
      return;
    }
    wire();
    for (const box of boxes) {
      await draw(box);
      await breath();
    }
    document.documentElement.dataset.ready = "yes";
  }

  start();
})();
