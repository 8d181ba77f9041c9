// After: what was kept, the marks put right on a timeline, the report.

import { bytes, clock, count, get, make, number, post, say, shape, t, tellAll, term } from "./core.js";
import { drawCourse } from "./draw.js";
import { words as wordsOf } from "./during.js";

let parts = {};
let now = null;
let data = null;
let summarised = "";

export function open(box, state) {
  now = state;
  summarised = "";
  data = null;
  parts = { kept: make("section", { class: "panel" }), gone: make("section", { class: "panel", role: "status", hidden: true }), marks: make("section", { class: "panel" }), report: make("section", { class: "panel" }) };
  box.append(make("div", { class: "page" }, parts.kept, parts.gone, parts.report, parts.marks));
  parts.marks.append(make("p", { class: "quiet" }, t("after.reading")));
  load();
}

async function load() {
  try {
    show(await get("timeline"));
  } catch (error) {
    parts.marks.replaceChildren(make("p", {}, shape("none"), ` ${error.message}`));
    drawReport({ report: "none" });
  }
}

export function draw(state) {
  now = state;
  const summary = state.summary;
  if (!summary || summarised === summary.file) return;
  summarised = summary.file;
  const lost = summary.streams.reduce((sum, s) => sum + s.received - s.on_disk, 0);
  const total = summary.streams.reduce((sum, s) => sum + s.on_disk, 0);
  const breaks = summary.interruptions ?? [];
  const whole = summary.complete && !breaks.length && summary.known !== false;
  const head = summary.known === false ? t("after.elsewhere")
    : !summary.complete ? t("after.lost", { n: number(lost), blocks: summary.damaged })
      : breaks.length ? count("after.killed", breaks.length, { total: number(total) })
        : t("after.nothing_lost", { n: number(total), streams: summary.streams.length });
  // Of a file that another program recorded nobody knows here how long it took and how it ended.
  const ended = summary.known === false ? "" : `, ${clock(summary.seconds)}; ${t(summary.open ? "after.not_closed" : "after.closed")}`;
  parts.kept.replaceChildren(make("p", { class: "big" }, shape(whole ? "good" : summary.complete ? "weak" : "none"), head),
    make("p", { class: "quiet" }, `${summary.file}, ${bytes(summary.bytes)}${ended}. ${summary.journal ? t("after.journal", { file: summary.journal }) : ""}`),
    ...breaks.map((b) => make("p", {}, shape("weak"), " ", b.seconds === null ? t("after.ends", { file: b.file, at: clock(b.at) })
      : t("after.gap", { file: b.file, at: clock(b.at), n: number(b.seconds, 1) }))),
    ...summary.findings.map((f) => make("p", {}, shape(f.severity === "problem" ? "none" : "weak"), ` ${tellAll({ ...f, hint: "" })}`)),
    !summary.streams.length ? "" : make("details", {}, make("summary", {}, t("after.streams")), make("div", { class: "table-box" }, make("table", {}, make("thead", {}, make("tr", {}, ...["stream", "person", "arrived", "on_disk"].map((key) => make("th", { scope: "col" }, t(`after.${key}`))))),
      make("tbody", {}, ...summary.streams.map((s) => make("tr", {}, make("td", {}, s.name), make("td", {}, s.person ?? "–"), make("td", {}, String(s.received)), make("td", {}, String(s.on_disk)))))))));
}

export function redraw() { if (data) course(); }

async function correct(fields) {
  try {
    show(await post("correct", fields));
    say(t("after.written"));
  } catch (error) {
    say(error.message, 8);
  }
}

const words = (text) => wordsOf(text, now);

function course() {
  const phases = data.phases.map((p) => ({ ...p, onset: p.onset - data.start, end: p.end - data.start }));
  drawCourse(parts.course, phases, now.session.protocol, data.end - data.start, []);
}

function show(found) {
  data = found;
  parts.course = make("canvas", { role: "img", "aria-label": t("during.course") });
  const when = (mark) => make("input", { type: "text", value: clock(mark.onset), size: 7, "aria-label": t("after.began_at_of", { what: words(mark.text) }),
    on: { change: (e) => { const onset = seconds(e.target.value); if (onset === null) say(t("after.write_time")); else correct({ action: "move", mark: mark.id, onset }); } } });
  const nudge = (mark, by) => make("button", { class: "small", type: "button", "aria-label": `${words(mark.text)} ${by} s`, on: { click: () => correct({ action: "move", mark: mark.id, onset: Math.max(mark.onset + by, 0) }) } }, `${by > 0 ? "+" : "−"}${Math.abs(by)} s`);
  const rows = data.marks.map((mark) => make("tr", {}, make("td", {}, when(mark), " ", nudge(mark, -5), nudge(mark, 5)),
    make("td", {}, mark.text.startsWith("phase/") ? relabel(mark) : words(mark.text)), make("td", { class: "quiet" }, mark.id),
    make("td", {}, make("button", { class: "small", type: "button", "aria-label": t("after.take_away_of", { what: words(mark.text) }), on: { click: () => correct({ action: "delete", mark: mark.id }) } }, t("after.take_away")))));
  const phase = make("select", { "aria-label": t("after.phase_to_add") }, ...options(""));
  const at = make("input", { type: "text", placeholder: "12:30", size: 7, "aria-label": t("after.when_added") });
  const add = make("button", { class: "small", type: "button", on: { click: () => { const onset = seconds(at.value); if (onset === null) say(t("after.write_time")); else correct({ action: "add", onset, label: `phase/${phase.value}` }); } } }, t("after.add"));
  parts.marks.replaceChildren(make("h2", {}, t("after.marks_right")), make("div", { class: "course" }, parts.course),
    data.findings.length ? make("details", { open: data.findings.length < 3 }, make("summary", {}, count("after.remarks", data.findings.length)), ...data.findings.map((f) => make("p", { class: "weak" }, shape("weak"), ` ${tellAll(f)}`))) : "",
    make("div", { class: "marks", tabIndex: 0 }, make("table", {}, make("thead", {}, make("tr", {}, ...["began_at", "what", "mark", "remove"].map((key) => make("th", { scope: "col" }, t(`after.${key}`))))), make("tbody", {}, ...rows))),
    make("p", { class: "go" }, at, phase, add),
    make("p", { class: "quiet" }, data.corrections.length ? count("after.corrections", data.corrections.length, { raw: data.raw }) : t("after.uncorrected", { raw: data.raw })));
  course();
  drawReport(data.report);
  drawWithdrawal(data.withdrawal);
}

/** Whether what was recorded of somebody who withdrew is out of the file yet; asked until it is. */
function drawWithdrawal(state) {
  parts.gone.hidden = !state.open && !state.removed.length;
  if (parts.gone.hidden) return;
  if (!state.open) {
    parts.gone.replaceChildren(make("p", {}, shape("good"), ` ${t("after.removed")}`), make("details", {}, make("summary", {}, t("after.removed_what")), ...state.removed.map((line) => make("p", { class: "quiet" }, line))));
    return;
  }
  parts.gone.replaceChildren(make("p", {}, shape(state.error ? "none" : "weak"), ` ${state.error || t("after.removing")}`));
  setTimeout(async () => { try { drawWithdrawal((await get("timeline")).withdrawal); } catch { drawWithdrawal(state); } }, 1000);
}

const options = (chosen) => now.session.protocol.phases.map((p) => make("option", { value: p.id, selected: p.id === chosen }, term(p.name)));
function relabel(mark) {
  return make("select", { "aria-label": t("after.phase_marked", { at: clock(mark.onset) }), on: { change: (e) => correct({ action: "relabel", mark: mark.id, label: `phase/${e.target.value}` }) } }, ...options(mark.text.split("/")[1]));
}
function seconds(text) {
  const found = /^(?:(\d+):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)$/.exec(text.trim());
  return found ? Number(found[1] ?? 0) * 3600 + Number(found[2]) * 60 + Number(found[3]) : null;
}

function drawReport(state) {
  const made = state.report === "there";
  const button = make("button", { class: made ? "" : "main", type: "button", disabled: state.report === "making", on: { click: makeReport } },
    t(state.report === "making" ? "after.making" : made ? "after.make_again" : "after.make"));
  parts.report.replaceChildren(make("div", { class: "go" }, button,
    made ? make("a", { href: "/report", target: "_blank", rel: "noopener", id: "report" }, t("after.open")) : "",
    state.report === "failed" ? make("span", { class: "none" }, shape("none"), ` ${state.error}`) : "",
    make("span", { class: "quiet" }, t("after.alone"))));
}

async function makeReport() {
  try {
    let state = await post("report");
    drawReport(state);
    while (state.report === "making") {
      await new Promise((resolve) => setTimeout(resolve, 700));
      state = (await get("timeline")).report;
      drawReport(state);
    }
  } catch (error) {
    say(error.message, 8);
    drawReport({ report: "failed", error: error.message });
  }
}
