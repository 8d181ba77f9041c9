// Canvases: the session's course against its plan, a seat's health, a researcher's curves.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Fit a canvas to its box on this screen; returns its context, width and height in CSS pixels. */
function fitted(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return [context, width, height];
}

const PHASES = ["#56b4e9", "#f0e442", "#e69f00", "#009e73", "#0072b2", "#cc79a7", "#d55e00"];
export function phaseColours(protocol) {
  const colours = {};
  let position = 0;
  for (const phase of protocol.phases) {
    const quiet = phase.id === "baseline" || phase.id === "recovery";
    colours[phase.id] = quiet ? "#8a8a8a" : PHASES[position++ % PHASES.length];
  }
  return colours;
}

/** Phases so far (upper band) over the plan (lower band), both from the same start. */
export function drawCourse(canvas, phases, protocol, now, marks = []) {
  const [context, width, height] = fitted(canvas);
  const colours = phaseColours(protocol);
  const number = Object.fromEntries(protocol.phases.map((p, i) => [p.id, i + 1]));
  const planned = protocol.plan.reduce((sum, p) => sum + p.seconds, 0);
  const start = phases.length ? phases[0].onset : now;
  const span = Math.max(planned, now - start, 60) * 1.02;
  const x = (t) => (width * (t - start)) / span;
  const band = (onset, end, phase, top, tall, label) => {
    context.fillStyle = colours[phase] ?? "#999";
    context.fillRect(x(onset), top, Math.max(x(end) - x(onset) - 1, 1), tall);
    if (label && x(end) - x(onset) > 14) {
      context.fillStyle = "#111";
      context.fillText(String(number[phase] ?? ""), x(onset) + 4, top + tall - 5);
    }
  };
  context.font = "600 13px system-ui, sans-serif";
  const upper = height * 0.6;
  phases.forEach((p) => band(p.onset, p.end, p.phase, 0, upper - 2, true));
  let at = start;
  context.globalAlpha = 0.45;
  for (const p of protocol.plan) {
    band(at, at + p.seconds, p.phase, upper + 2, height - upper - 4, false);
    at += p.seconds;
  }
  context.globalAlpha = 1;
  context.fillStyle = colour("--ink");
  for (const mark of marks) context.fillRect(x(mark.onset) - 1, 0, 2, upper - 2);
  context.fillRect(Math.min(x(now), width - 2) - 1, 0, 2.5, height);
}

/** Five minutes of health in 60 cells: full bar good, half weak, a thin line none. */
export function drawStrip(canvas, strip) {
  if (canvas.dataset.shown === strip + canvas.clientWidth) return;
  canvas.dataset.shown = strip + canvas.clientWidth;
  const [context, width, height] = fitted(canvas);
  const cell = width / 60;
  const paints = [colour("--good"), colour("--weak"), colour("--none")];
  const tall = [height, height * 0.55, 2];
  const first = 60 - strip.length;
  [...strip].forEach((code, i) => {
    context.fillStyle = paints[code];
    context.fillRect((first + i) * cell, height - tall[code], cell - 0.6, tall[code]);
  });
}

/** Three small curves of the last ten minutes; broken where there is no number. */
export function drawCurves(canvas, points, now) {
  const [context, width, height] = fitted(canvas);
  const rows = [["HR", 1, 10, 0], ["lnRMSSD", 2, 0.5, 2], ["SCL", 3, 0.5, 2]];
  const tall = height / rows.length;
  context.font = "11px system-ui, sans-serif";
  rows.forEach(([name, column, least, digits], row) => {
    const values = points.map((p) => p[column]).filter((v) => v !== null);
    const top = row * tall;
    context.fillStyle = colour("--muted");
    const last = points.length ? points[points.length - 1][column] : null;
    context.fillText(`${name} ${last === null ? "–" : last.toFixed(digits)}`, 0, top + 11);
    if (values.length < 2) return;
    let low = Math.min(...values);
    let high = Math.max(...values);
    if (high - low < least) { const middle = (high + low) / 2; low = middle - least / 2; high = middle + least / 2; }
    context.strokeStyle = colour("--accent");
    context.lineWidth = 1.6;
    context.beginPath();
    let pen = false;
    for (const point of points) {
      const v = point[column];
      if (v === null) { pen = false; continue; }
      const px = 76 + (width - 78) * (1 - (now - point[0]) / 600);
      const py = top + 3 + (tall - 6) * (1 - (v - low) / (high - low));
      if (pen) context.lineTo(px, py); else context.moveTo(px, py);
      pen = true;
    }
    context.stroke();
  });
}
