// The page: hears the state, shows the header and the alarms, and hands the rest to its stage.

import { brief, bytes, capital, clock, make, placed, setText, shape, t, term, told, tryPost } from "./core.js";
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
  const text = broken ? t("lost.ended", { file: state.file }) : t("lost.nobody", { error: told("refusal", state.error ?? "") });
  const go = !broken ? [button(t("lost.start"), "attach", {}, "main")]
    : late ? [button(t("lost.go_on"), "attach", { resume: true }, "main"), button(t("lost.over"), "over", {}, "")]
      : [make("span", {}, t("lost.restarting"))];
  return make("div", { class: "page" }, make("div", { class: "panel" },
    make("p", { class: "big", role: "alert" }, shape("none"), t("lost.title")), make("p", {}, text),
    make("p", { class: "go" }, ...go)));
}

function header() {
  const session = state.session;
  setText($("session"), session ? t("head.session", { id: session.id }) : t("head.none"));
  setText($("study"), session ? `${session.study} · ${term(session.protocol.name)}` : "");
  const summary = state.summary;
  setText($("elapsed"), state.stage === "during" ? clock(state.now) : summary && summary.known !== false ? clock(summary.seconds) : "");
  document.title = state.stage === "during" ? `● ${session.id}` : session?.id ?? t("head.none");
  const list = facts();
  const signature = JSON.stringify(list);
  if ($("facts").dataset.shown === signature) return;
  $("facts").dataset.shown = signature;
  $("facts").replaceChildren(...list.map(([level, text, extra]) =>
    make("li", { class: `fact ${extra ?? level}` }, level === "dot" ? make("span", {}, "●") : shape(level), text)));
}

function facts() {
  const list = [];
  if (state.stage === "during") list.push(["dot", t("head.recording"), "recording"]);
  else if (state.stage === "before") list.push(["weak", t("head.not_recording")]);
  else if (state.stage === "after") list.push(["good", t("head.stopped")]);
  if (state.stage !== "before" && state.stage !== "during") return list;
  const seats = state.seats ?? [];
  const good = seats.filter((s) => s.level === "good").length;
  if (seats.length) list.push([good === seats.length ? "good" : seats.some((s) => s.level === "none") ? "none" : "weak",
    t("head.good", { good, n: seats.length })]);
  const disk = state.disk;
  if (disk) {
    const minutes = disk.minutes > 1200 ? "" : `, ${Math.round(disk.minutes)} min`;
    list.push([disk.level, disk.level === "good" ? t("head.disk_ok") : t("head.disk", { left: bytes(disk.free) + minutes })]);
  }
  const bad = (state.clocks ?? []).filter((c) => c.level !== "good");
  if (state.clocks?.length) list.push([bad.length ? "weak" : "good", bad.length ? t("head.clock", { host: bad[0].host }) : t("head.clocks_ok")]);
  if (state.researcher) list.push(["weak", t("head.curves")]);
  return list;
}

function alarms() {
  const list = [];
  // The recorder is a process of its own; only a session that was under way goes on without a page.
  if (!connected) list.push({ severity: "problem", message: t("alarm.server"),
    hint: t(!state || ["during", "broken"].includes(state.stage) ? "alarm.server_hint" : "alarm.server_again") });
  if (state && state.stage === "during") {
    const full = (state.alarms ?? []).some((a) => a.where === "disk" && a.severity === "problem");
    if (state.disk?.level !== "good" && !full) list.push({ severity: state.disk.level === "none" ? "problem" : "warning", message: told("disk-short", state.disk.text), hint: t("alarm.disk_hint") });
    if (state.fault) list.push({ severity: "warning", message: t("alarm.fault", { fault: state.fault }), hint: t("alarm.fault_hint") });
    // What a tile says in full is named here; a sender that is gone is not called missing as well.
    for (const seat of state.seats ?? []) {
      if (seat.level === "none") list.push({ severity: "problem", code: seat.word, where: "", message: `${seat.id}: ${brief(seat.word)}`, hint: seat.trouble ? told(seat.trouble.code, seat.trouble.hint) : "" });
    }
    for (const alarm of state.alarms ?? []) {
      const shown = (state.seats ?? []).some((s) => s.level === "none" && alarm.where.startsWith(s.id));
      if (alarm.code === "recorder-restarted") list.push({ ...alarm, message: told(alarm.code, alarm.message), hint: t("alarm.restarted_hint") });
      else if (alarm.severity === "problem" && !shown) list.push({ ...alarm, message: told(alarm.code, alarm.message), hint: told(alarm.code, alarm.hint) });
    }
  }
  const box = $("alarms");
  const signature = JSON.stringify(list.map((a) => [a.code, a.where, a.severity, a.where ? "" : a.message]));
  // A sentence begins with a capital; the name of a stream stays as it is.
  const texts = list.map((a) => (a.where && !placed(a.where) ? `${a.where}: ${a.message}` : capital([told("where", a.where ?? ""), a.message].filter(Boolean).join(": "))));
  if (box.dataset.shown !== signature) {
    box.dataset.shown = signature;
    box.replaceChildren(...list.map((a, i) => make("div", { class: `alarm ${a.severity === "problem" ? "none" : "weak"}` },
      shape(a.severity === "problem" ? "none" : "weak"), make("div", {}, make("b", {}, texts[i]), " ", make("span", {}, a.hint ? `– ${a.hint}` : "")))));
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
  // Plain keys belong to the field they are typed in; with Ctrl they are the page's anywhere.
  if (!event.ctrlKey && event.target.matches?.("input, select, textarea")) return;
  STAGES[state.stage]?.key?.(event, state);
});

// A state is due every half second: silence for long means that the server hangs.
setInterval(() => {
  if (connected && performance.now() - heard > 8000) { connected = false; alarms(); }
}, 1000);

document.documentElement.lang = t("page.language");
document.querySelectorAll("[data-words]").forEach((e) => { e.textContent = t(e.dataset.words); });
document.querySelectorAll("[data-label]").forEach((e) => { e.setAttribute("aria-label", t(e.dataset.label)); });
$("theme").title = t("page.theme");
theme();
hear();
