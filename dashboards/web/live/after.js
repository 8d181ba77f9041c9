// After: what was kept, the marks put right on a timeline, the report.

import { bytes, clock, get, make, post, say, shape } from "./core.js";
import { drawCourse } from "./draw.js";

let parts = {};
let now = null;
let data = null;
let summarised = "";

export function open(box, state) {
  now = state;
  summarised = "";
  data = null;
  parts = { kept: make("section", { class: "panel" }), marks: make("section", { class: "panel" }), report: make("section", { class: "panel" }) };
  box.append(make("div", { class: "page" }, parts.kept, parts.report, parts.marks));
  parts.marks.append(make("p", { class: "quiet" }, "Reading the recording …"));
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
  const head = summary.known === false ? "Recorded elsewhere: no journal tells what had arrived"
    : !summary.complete ? `${lost.toLocaleString("en")} samples and ${summary.damaged} blocks are not on disk as they arrived`
      : breaks.length ? `The recorder was killed ${breaks.length === 1 ? "once" : `${breaks.length} times`}; ${total.toLocaleString("en")} samples are on disk`
        : `Nothing was lost: ${total.toLocaleString("en")} samples of ${summary.streams.length} streams are on disk`;
  const closed = summary.open ? "the last file was not closed" : "the file was closed and read back";
  parts.kept.replaceChildren(make("p", { class: "big" }, shape(whole ? "good" : summary.complete ? "weak" : "none"), head),
    make("p", { class: "quiet" }, `${summary.file}, ${bytes(summary.bytes)}, ${clock(summary.seconds)}; ${closed}.${summary.journal ? ` Every mark is also in ${summary.journal}.` : ""}`),
    ...breaks.map((b) => make("p", {}, shape("weak"), b.seconds === null ? ` ${b.file} was not closed: it ends at ${clock(b.at)}, and of its last instant up to 0.15 s is missing`
      : ` at ${clock(b.at)} nothing was recorded for ${b.seconds.toFixed(1)} s: ${b.file} ends there, the next file follows`)),
    ...summary.findings.map((f) => make("p", {}, shape(f.severity === "problem" ? "none" : "weak"), ` ${f.where}: ${f.message}`)),
    make("details", {}, make("summary", {}, "Stream by stream"), make("div", { class: "table-box" }, make("table", {}, make("thead", {}, make("tr", {}, ...["Stream", "Person", "Arrived", "On disk"].map((t) => make("th", { scope: "col" }, t)))),
      make("tbody", {}, ...summary.streams.map((s) => make("tr", {}, make("td", {}, s.name), make("td", {}, s.person ?? "–"), make("td", {}, String(s.received)), make("td", {}, String(s.on_disk)))))))));
}

export function redraw() { if (data) course(); }

async function correct(fields) {
  try {
    show(await post("correct", fields));
    say("Written to timeline.tsv; the raw marks stay as they are.");
  } catch (error) {
    say(error.message, 8);
  }
}

const nameOf = (id) => now.session.protocol.phases.find((p) => p.id === id)?.name ?? id;
function words(text) {
  const [verb, ...rest] = text.split("/");
  if (verb === "phase") return nameOf(rest[0]);
  if (verb === "presenter") return `${rest[0]} presents`;
  return text.replaceAll("/", " · ");
}

function course() {
  const phases = data.phases.map((p) => ({ ...p, onset: p.onset - data.start, end: p.end - data.start }));
  drawCourse(parts.course, phases, now.session.protocol, data.end - data.start, []);
}

function show(found) {
  data = found;
  parts.course = make("canvas", { role: "img", "aria-label": "phases, above the plan" });
  const when = (mark) => make("input", { type: "text", value: clock(mark.onset), size: 7, "aria-label": `${words(mark.text)} began at`,
    on: { change: (e) => { const t = seconds(e.target.value); if (t === null) say("Write minutes:seconds"); else correct({ action: "move", mark: mark.id, onset: t }); } } });
  const nudge = (mark, by) => make("button", { class: "small", type: "button", "aria-label": `${words(mark.text)} ${by} s`, on: { click: () => correct({ action: "move", mark: mark.id, onset: Math.max(mark.onset + by, 0) }) } }, `${by > 0 ? "+" : "−"}${Math.abs(by)} s`);
  const rows = data.marks.map((mark) => make("tr", {}, make("td", {}, when(mark), " ", nudge(mark, -5), nudge(mark, 5)),
    make("td", {}, mark.text.startsWith("phase/") ? relabel(mark) : words(mark.text)), make("td", { class: "quiet" }, mark.id),
    make("td", {}, make("button", { class: "small", type: "button", "aria-label": `take ${words(mark.text)} away`, on: { click: () => correct({ action: "delete", mark: mark.id }) } }, "Take away"))));
  const phase = make("select", { "aria-label": "phase to add" }, ...options(""));
  const at = make("input", { type: "text", placeholder: "12:30", size: 7, "aria-label": "when the added phase began" });
  const add = make("button", { class: "small", type: "button", on: { click: () => { const t = seconds(at.value); if (t === null) say("Write when it began as minutes:seconds"); else correct({ action: "add", onset: t, label: `phase/${phase.value}` }); } } }, "Add phase");
  parts.marks.replaceChildren(make("h2", {}, "Put the marks right"), make("div", { class: "course" }, parts.course),
    data.findings.length ? make("details", { open: data.findings.length < 3 }, make("summary", {}, `${data.findings.length} remarks about the marks`), ...data.findings.map((text) => make("p", { class: "weak" }, shape("weak"), ` ${text}`))) : "",
    make("div", { class: "marks", tabIndex: 0 }, make("table", {}, make("thead", {}, make("tr", {}, ...["Began at", "What", "Mark", "Remove"].map((t) => make("th", { scope: "col" }, t)))), make("tbody", {}, ...rows))),
    make("p", { class: "go" }, at, phase, add),
    make("p", { class: "quiet" }, `${data.corrections.length} corrections in timeline.tsv, each naming the mark it corrects; ${data.raw} raw marks stay untouched.`));
  course();
  drawReport(data.report);
}

const options = (chosen) => now.session.protocol.phases.map((p) => make("option", { value: p.id, selected: p.id === chosen }, p.name));
function relabel(mark) {
  return make("select", { "aria-label": `phase marked ${clock(mark.onset)}`, on: { change: (e) => correct({ action: "relabel", mark: mark.id, label: `phase/${e.target.value}` }) } }, ...options(mark.text.split("/")[1]));
}
function seconds(text) {
  const found = /^(?:(\d+):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)$/.exec(text.trim());
  return found ? Number(found[1] ?? 0) * 3600 + Number(found[2]) * 60 + Number(found[3]) : null;
}

function drawReport(state) {
  const made = state.report === "there";
  const button = make("button", { class: made ? "" : "main", type: "button", disabled: state.report === "making", on: { click: makeReport } },
    state.report === "making" ? "Making the report …" : made ? "Make the report again" : "Make the researcher's report");
  parts.report.replaceChildren(make("div", { class: "go" }, button,
    made ? make("a", { href: "/report", target: "_blank", rel: "noopener", id: "report" }, "Open the researcher's report") : "",
    state.report === "failed" ? make("span", { class: "none" }, shape("none"), ` ${state.error}`) : "",
    make("span", { class: "quiet" }, "For the researcher alone; the leader's page is made with `arousal report`.")));
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
