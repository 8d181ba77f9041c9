// The page: hears the state, shows the header and the alarms, and hands the rest to its stage.

import { bytes, clock, make, setText, shape, tryPost } from "./core.js";
import * as before from "./before.js";
import * as during from "./during.js";
import * as after from "./after.js";

const STAGES = { before, during, after };
const $ = (id) => document.getElementById(id);
let state = null;
let drawn = "";
let waiting = false;
let heard = performance.now();
let connected = false;

function hear() {
  const events = new EventSource("/events");
  events.onopen = () => { connected = true; };
  events.onmessage = (event) => {
    connected = true;
    heard = performance.now();
    state = JSON.parse(event.data);
    if (waiting) return; // only the newest state of an animation frame is drawn
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  };
  events.onerror = () => { connected = false; alarms(); };
}

function draw() {
  header();
  alarms();
  const stage = state.stage;
  const box = $("stage");
  // A recorder that does not come back by itself in a few seconds needs somebody to say so.
  const late = stage === "broken" && state.quiet >= 12;
  if (drawn !== stage + late) {
    box.replaceChildren();
    drawn = stage + late;
    document.body.dataset.stage = stage;
    STAGES[stage]?.open?.(box, state);
    if (stage === "gone" || stage === "broken") box.append(lost(late));
  }
  STAGES[stage]?.draw(state);
  document.documentElement.dataset.ready = "yes";
}

function lost(late) {
  const broken = state.stage === "broken";
  const button = (text, what, fields, name) => make("button", { class: name, type: "button", on: { click: () => tryPost(what, fields) } }, text);
  const text = broken ? `The recorder's process ended without closing ${state.file}. What it wrote is on disk.`
    : `There is no recorder: ${state.error ?? ""}`;
  const go = !broken ? [button("Start the recorder again", "attach", {}, "main")]
    : late ? [button("Go on recording in a further file", "attach", { resume: true }, "main"), button("The session is over: corrections and report", "over", {}, "")]
      : [make("span", {}, "It is being started again and goes on in a further file …")];
  return make("div", { class: "page" }, make("div", { class: "panel" },
    make("p", { class: "big", role: "alert" }, shape("none"), "The recorder is gone"), make("p", {}, text),
    make("p", { class: "go" }, ...go)));
}

function header() {
  const session = state.session;
  setText($("session"), session ? `Session ${session.id}` : "Session");
  setText($("study"), session ? `${session.study} · ${session.protocol.name}` : "");
  const summary = state.summary;
  setText($("elapsed"), state.stage === "during" ? clock(state.now) : summary ? clock(summary.seconds) : "–");
  document.title = state.stage === "during" ? `● ${session.id}` : session?.id ?? "Session";
  const list = facts();
  const signature = JSON.stringify(list);
  if ($("facts").dataset.shown === signature) return;
  $("facts").dataset.shown = signature;
  $("facts").replaceChildren(...list.map(([level, text, extra]) =>
    make("li", { class: `fact ${extra ?? level}` }, level === "dot" ? "●" : shape(level), text)));
}

function facts() {
  const list = [];
  if (state.stage === "during") list.push(["dot", "Recording", "recording"]);
  else if (state.stage === "before") list.push(["weak", "Not recording"]);
  else if (state.stage === "after") list.push(["good", "Stopped, file closed"]);
  if (state.stage !== "before" && state.stage !== "during") return list;
  const seats = state.seats ?? [];
  const good = seats.filter((s) => s.level === "good").length;
  if (seats.length) list.push([good === seats.length ? "good" : seats.some((s) => s.level === "none") ? "none" : "weak",
    `${good} of ${seats.length} good`]);
  const disk = state.disk;
  if (disk) {
    const minutes = disk.minutes > 1200 ? "" : `, ${Math.floor(disk.minutes)} min`;
    list.push([disk.level, disk.level === "good" ? "Disk ok" : `Disk: ${bytes(disk.free)}${minutes}`]);
  }
  const bad = (state.clocks ?? []).filter((c) => c.level !== "good");
  if (state.clocks?.length) list.push([bad.length ? "weak" : "good", bad.length ? `Clock: ${bad[0].host}` : "Clocks ok"]);
  if (state.researcher) list.push(["weak", "Curves on"]);
  return list;
}

function alarms() {
  const list = [];
  if (!connected) list.push({ severity: "problem", message: "This page has lost its server.",
    hint: "The recording goes on. Run the same `arousal live` command again: the page comes back by itself." });
  if (state && state.stage === "during") {
    const full = (state.alarms ?? []).some((a) => a.where === "disk" && a.severity === "problem");
    if (state.disk?.level !== "good" && !full) list.push({ severity: state.disk.level === "none" ? "problem" : "warning", message: state.disk.text, hint: "free some space on this disk" });
    if (state.fault) list.push({ severity: "warning", message: `The display has a fault: ${state.fault}`, hint: "the recording goes on" });
    // What a tile says in full is named here; a sender that is gone is not called missing as well.
    for (const seat of state.seats ?? []) {
      if (seat.level === "none") list.push({ severity: "problem", code: seat.word, where: "", message: `${seat.id}: ${seat.word}`, hint: "" });
    }
    for (const alarm of state.alarms ?? []) {
      const told = (state.seats ?? []).some((s) => s.level === "none" && alarm.where.startsWith(s.id));
      if ((alarm.severity === "problem" || alarm.code === "recorder-restarted") && !told) list.push(alarm);
    }
  }
  const box = $("alarms");
  const signature = JSON.stringify(list.map((a) => [a.code, a.where, a.severity, a.where ? "" : a.message]));
  const texts = list.map((a) => [a.where, a.message].filter(Boolean).join(": "));
  if (box.dataset.shown !== signature) {
    box.dataset.shown = signature;
    box.replaceChildren(...list.map((a, i) => make("div", { class: `alarm ${a.severity === "problem" ? "none" : "weak"}` },
      shape(a.severity === "problem" ? "none" : "weak"), make("div", {}, make("b", {}, texts[i]), " ", make("span", {}, a.hint ?? "")))));
  } else {
    box.querySelectorAll("b").forEach((b, i) => setText(b, texts[i]));
  }
}

function theme() {
  const root = document.documentElement;
  let kept = null;
  try { kept = localStorage.getItem("arousal-theme"); } catch { /* a private window keeps nothing */ }
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = kept ?? system;
  $("theme").addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("arousal-theme", root.dataset.theme); } catch { /* as above */ }
    if (state) { STAGES[state.stage]?.redraw?.(state); }
  });
}

document.addEventListener("keydown", (event) => {
  if (!state || event.altKey || event.metaKey) return;
  if (event.target.matches?.("input, select, textarea")) return;
  STAGES[state.stage]?.key?.(event, state);
});

// A state is due every half second: silence for long means that the server hangs.
setInterval(() => {
  if (connected && performance.now() - heard > 8000) { connected = false; alarms(); }
}, 1000);

theme();
hear();
