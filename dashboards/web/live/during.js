// During: phases, marks, one tile per person. Every mark is confirmed when it is on the disk.

import { brief, clock, clockWord, count, get, make, newKey, number, post, say, seatColour, setClass, setText, shape, t, tellAll, term, tryPost } from "./core.js";
import { drawCourse, drawCurves, drawStrip } from "./draw.js";

let now = null;            // newest state
let parts = {};            // elements by name
let tiles = {};            // seat -> elements
let people = "";
let pending = new Map();   // key -> text of marks not confirmed yet
let curves = null;

export function open(box, state) {
  parts = { phases: make("div", { class: "phases", role: "group", "aria-label": t("during.phases") }),
    doing: make("div", { class: "doing", role: "group", "aria-label": t("during.marks") }),
    course: make("canvas", { role: "img", "aria-label": t("during.course") }),
    tiles: make("div", { class: "tiles", role: "group", tabIndex: 0, "aria-label": t("before.sensors") }), log: make("ol"), clocks: make("ul") };
  people = "";
  curves = null;
  const room = make("div", { class: "room" }, parts.tiles, make("aside", { class: "side" },
    make("section", { class: "panel log", tabIndex: 0, "aria-label": t("during.log") }, make("h2", {}, t("during.marks_title")), parts.log),
    make("section", { class: "panel clocks" }, make("h2", {}, t("during.clocks")), parts.clocks)));
  box.append(parts.phases, parts.doing, make("div", { class: "course" }, parts.course), room);
  buildPhases(state);
  buildDoing();
}

function button(key, text, run, name = "") {
  const made = make("button", { type: "button", class: name, on: { click: run } }, text, " ", make("kbd", {}, key));
  return made;
}

function buildPhases(state) {
  parts.phase = {};
  state.session.protocol.phases.forEach((phase, i) => {
    const time = make("small");
    const made = make("button", { type: "button", class: "phase", title: phase.hint, on: { click: () => markPhase(phase.id) } },
      make("kbd", {}, i < 9 ? String(i + 1) : "·"), time, make("b", { class: term(phase.name).length > 11 ? "long" : "" }, term(phase.name)));
    parts.phase[phase.id] = { button: made, time };
    parts.phases.append(made);
  });
}

function buildDoing() {
  parts.presenter = button("P", t("during.presenter", { id: "–" }), askPresenter);
  parts.silence = button("S", t("during.silence"), toggleSilence);
  parts.doing.append(parts.presenter,
    button("I", t("during.intervention"), askIntervention), parts.silence,
    button("R", t("during.probe"), askProbe), button("X", t("during.incident"), askIncident),
    button("U", t("during.undo"), undo),
    button("←", t("during.earlier"), () => shift(-5)), button("→", t("during.later"), () => shift(5)),
    make("span", { class: "grow" }), button("W", t("during.withdraw"), askWithdraw), button("Q", t("during.end"), askStop, "stop"));
}

// ---------------------------------------------------------------- marks

/** Send until the disk has it; the key makes a repeated request harmless. */
async function send(what, fields, text) {
  const key = newKey();
  const began = performance.now();
  pending.set(key, text);
  drawLog();
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await post(what, { ...fields, key });
      const took = performance.now() - began;
      document.body.dataset.marked = `${answer.id} ${took.toFixed(1)} ${answer.took}`;
      say(t(answer.on_disk ? "during.marked" : "during.in_memory", { text, ms: took.toFixed(0) }));
      break;
    } catch (error) {
      if (error.status === 409 || attempt >= 30) { say(t("during.not_marked", { why: error.message }), 8); break; }
      say(t("during.again", { text }));
      await new Promise((resolve) => setTimeout(resolve, Math.min(250 * (attempt + 1), 2000)));
    }
  }
  pending.delete(key);
  drawLog();
}

const mark = (text, shown) => send("mark", { text }, shown);
const nameOf = (id) => term(now.session.protocol.phases.find((p) => p.id === id)?.name ?? id);
function markPhase(id) { mark(`phase/${id}`, nameOf(id)); }
function undo() { mark("undo", t("during.undo")); }
function shift(seconds) { send("shift", { seconds, of: "" }, t(seconds < 0 ? "during.began_earlier" : "during.began_later", { n: Math.abs(seconds) })); }
function toggleSilence() { const on = !now.silence; mark(`silence/${on ? "start" : "end"}`, t(on ? "during.silence_begins" : "during.silence_ends")); }

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const seats = () => Object.keys(now.session.people);

// ---------------------------------------------------------------- questions

let answers = {};
function ask(title, body, keys) {
  const dialog = document.getElementById("ask");
  document.getElementById("ask-title").textContent = title;
  document.getElementById("ask-body").replaceChildren(...body);
  answers = keys;
  if (!dialog.open) dialog.showModal();
  body[body.length - 1].querySelector("button")?.focus();
}
function close() { answers = {}; document.getElementById("ask").close(); }
// The event comes late: a second question may be open by then.
document.getElementById("ask").addEventListener("close", (event) => { if (!event.target.open) answers = {}; });

/** A grid of choices, each with its key. */
function choices(list, kind = "") {
  const keys = {};
  const grid = make("div", { class: `choices ${kind}` }, ...list.map(([key, text, run, colour]) => {
    const pick = () => { close(); run(); };
    keys[key] = pick;
    const made = make("button", { type: "button", on: { click: pick } }, make("kbd", {}, key), text);
    if (colour) { made.style.borderLeft = `10px solid ${colour}`; }
    return made;
  }));
  return [grid, keys];
}

function pickPerson(title, run, others = []) {
  const list = seats().map((id, i) => [LETTERS[i], `${id} · ${roleName(id)}`, () => run(id), seatColour(i)]);
  const [grid, keys] = choices([...list, ...others]);
  ask(title, [grid], keys);
}
const roleName = (id) => term(now.session.protocol.roles[now.roles?.[id] ?? now.session.people[id].role] ?? now.roles?.[id] ?? "");

function askPresenter() { pickPerson(t("ask.presenter"), (id) => mark(`presenter/${id}`, t("during.presents", { id }))); }

let actor = "";
let target = "";
function askIntervention() {
  const leaders = seats().filter((id) => now.session.protocol.leaders.includes(now.session.people[id].role));
  if (!seats().includes(actor)) actor = leaders[0] ?? "";
  target = "";
  const select = (label, value, run, list) => make("label", {}, label, make("select", { on: { change: (e) => run(e.target.value) } },
    ...list.map((id) => make("option", { value: id, selected: id === value }, id || "–"))));
  const [grid, keys] = choices(Object.entries(now.session.interventions).map(([type, text], i) => [String(i + 1), term(text), () => {
    const who = actor ? `/${actor}${target ? `/${target}` : ""}` : "";
    mark(`intervention/${type}${who}`, term(text));
  }]));
  ask(t("during.intervention"), [make("div", { class: "fields" }, select(t("ask.by"), actor, (v) => { actor = v; }, [...leaders, "", ...seats().filter((id) => !leaders.includes(id))]),
    select(t("ask.towards"), "", (v) => { target = v; }, ["", ...seats()])), grid], keys);
}

function askProbe() {
  pickPerson(t("ask.probe"), (id) => {
    const list = [..."123456789"].map((n) => [n, n, () => mark(`probe/${id}/${n}`, t("during.reports", { id, n }))]);
    const [grid, keys] = choices(list, "digits");
    // Typed and shown to nobody else: 1 = very calm, 9 = very aroused.
    ask(t("ask.scale", { id }), [grid.cloneNode(false), grid].slice(1), keys);
  });
}

function askIncident() {
  const words = Object.fromEntries(now.session.incidents.map((type) => [type, t(`incident.${type}`)]));
  const [grid, keys] = choices(now.session.incidents.map((type, i) => [String(i + 1), words[type], () => {
    pickPerson(t("ask.concerns", { what: words[type] }), (id) => mark(`incident/${type}/${id}`, `${words[type]} ${id}`),
      [["0", t("ask.whole_group"), () => mark(`incident/${type}`, words[type])]]);
  }]));
  ask(t("during.incident"), [grid], keys);
}

function askWithdraw() {
  pickPerson(t("ask.withdraw"), (id) => {
    const [grid, keys] = choices([["Y", t("ask.withdraw_yes", { id }), async () => {
      if (await tryPost("withdraw", { person: id })) say(t("during.withdrawn", { id }), 10);
    }], ["N", t("ask.withdraw_no"), () => {}]]);
    ask(t("ask.withdraw_sure", { id }), [make("p", {}, t("ask.withdraw_what")), grid], keys);
  });
}

function askStop() {
  const [grid, keys] = choices([["Y", t("ask.end_yes"), async () => {
    say(t("during.closing"), 30);
    if (await tryPost("stop")) say(t("during.closed"));
  }], ["N", t("ask.end_no"), () => {}]]);
  ask(t("ask.end"), [make("p", {}, t("ask.end_what", { time: clock(now.now) })), grid], keys);
}

// ---------------------------------------------------------------- keys

export function key(event, state) {
  now = state;
  if (document.getElementById("ask").open) {
    const run = answers[event.key.length === 1 ? event.key.toUpperCase() : event.key];
    if (run && !event.ctrlKey) { event.preventDefault(); run(); }
    return;
  }
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey) {
    if (pressed === "z") { event.preventDefault(); undo(); }
    return;
  }
  if (event.repeat && pressed !== "ArrowLeft" && pressed !== "ArrowRight") return;
  const phase = state.session.protocol.phases[Number(pressed) - 1];
  const run = { p: askPresenter, i: askIntervention, s: toggleSilence, r: askProbe, x: askIncident, u: undo, w: askWithdraw, q: askStop,
    ArrowLeft: () => shift(-5), ArrowRight: () => shift(5) }[pressed] ?? (/^[1-9]$/.test(pressed) && phase ? () => markPhase(phase.id) : null);
  if (run) { event.preventDefault(); run(); }
}

// ---------------------------------------------------------------- drawing

export function draw(state) {
  now = state;
  drawPhases();
  drawTiles();
  drawLog();
  drawClocks();
  if (state.researcher) fetchCurves();
}
export function redraw(state) {
  document.querySelectorAll(".tile canvas").forEach((c) => { c.dataset.shown = ""; });
  draw(state);
}

function drawPhases() {
  const protocol = now.session.protocol;
  for (const phase of protocol.phases) {
    const { button: box, time } = parts.phase[phase.id];
    const current = now.current?.phase === phase.id;
    box.setAttribute("aria-pressed", String(current));
    const spent = now.phases.filter((p) => p.phase === phase.id && (!current || p.block === now.current.block))
      .reduce((sum, p) => sum + p.end - p.onset, 0);
    const plan = protocol.plan.find((p) => p.phase === phase.id)?.seconds ?? 0;
    box.classList.toggle("over", current && spent > plan * 1.1 + 30);
    setText(time, current || spent ? `${clock(spent)} / ${Math.round(plan / 60)}′` : `${Math.round(plan / 60)}′`);
  }
  const block = now.current?.block ? t("during.case", { n: now.current.block }) : "";
  setText(parts.presenter.firstChild, t("during.presenter", { id: now.presenter ?? "–" }) + (protocol.cases > 1 ? block : ""));
  parts.silence.setAttribute("aria-pressed", String(now.silence));
  setText(parts.silence.firstChild, t(now.silence ? "during.silence_runs" : "during.silence"));
  drawCourse(parts.course, now.phases, protocol, now.now);
}

function drawTiles() {
  const ids = JSON.stringify([seats(), now.researcher]);
  if (people !== ids) { people = ids; buildTiles(); }
  now.seats.forEach((seat) => drawTile(seat, tiles[seat.id]));
}

function buildTiles() {
  tiles = {};
  parts.tiles.classList.toggle("with-curves", Boolean(now.researcher));
  parts.tiles.replaceChildren(...seats().map((id, i) => {
    const own = { name: make("span", { class: "name" }, id), tag: make("span", { class: "tag" }), word: make("div", { class: "word" }),
      why: make("div", { class: "why" }), small: make("div", { class: "small" }), strip: make("canvas", { "aria-hidden": "true" }),
      curve: now.researcher ? make("canvas", { class: "curve", role: "img", "aria-label": t("during.ten_minutes", { id }) }) : null };
    own.box = make("article", { class: "tile", "aria-label": id }, make("header", {}, own.name, own.tag), own.word, own.why, own.curve, own.small, own.strip);
    own.box.style.setProperty("--seat", seatColour(i));
    tiles[id] = own;
    return own.box;
  }));
}

function drawTile(seat, own) {
  setClass(own.box, `tile is-${seat.level}`);
  const presents = now.presenter === seat.id;
  const role = term(now.session.protocol.roles[seat.role] ?? seat.role);
  setText(own.tag, presents ? t("during.presents_tag") : seat.role === "member" ? "" : role);
  setClass(own.tag, presents ? "tag presents" : "tag");
  const word = seat.level + seat.word;
  if (own.word.dataset.shown !== word) { own.word.dataset.shown = word; own.word.replaceChildren(shape(seat.level), brief(seat.word)); }
  setClass(own.word, `word ${seat.level}`);
  // Whose it is stands above already: "P04 strap-P04-ecg" is "strap-P04-ecg" here.
  // What to do about a signal that is missing stands at the top, where there is room for it.
  const shown = seat.trouble && { ...seat.trouble, where: seat.trouble.where.replace(`${seat.id} `, "") };
  const full = shown ? tellAll(shown) : "";
  const why = shown && seat.level === "none" ? tellAll({ ...shown, hint: "" }) : full;
  setText(own.why, seat.level === "good" || now.researcher ? "" : why);
  own.box.title = full;
  setText(own.small, small(seat));
  drawStrip(own.strip, seat.strip ?? "");
  if (own.curve && curves) drawCurves(own.curve, curves[seat.id] ?? [], now.now);
}

function small(seat) {
  const list = [];
  if (seat.beat_age !== null) list.push(t("during.beat", { age: seat.beat_age < 60 ? `${Math.max(seat.beat_age, 0).toFixed(0)} s` : ">1 min" }));
  for (const [kind, share] of Object.entries(seat.coverage)) list.push(`${kind.toUpperCase().slice(0, 4)} ${Math.round(share * 100)} %`);
  if (seat.battery !== null) list.push(t(seat.battery < 20 ? "during.battery_low" : "during.battery", { n: Math.round(seat.battery) }));
  return list.map((text) => text.replaceAll(" ", "\u00a0")).join("\u00a0· "); // broken between the facts only
}

function drawLog() {
  if (!now || !parts.log) return;
  const waits = [...pending.values()].map((text) => make("li", { class: "waits" }, make("span", {}, "…"), text, make("span", {}, t("during.sending"))));
  const log = now.log ?? [];
  const signature = JSON.stringify([[...pending.values()], log.map((l) => [l.id, l.onset, l.on_disk])]);
  if (parts.log.dataset.shown === signature) return;
  parts.log.dataset.shown = signature;
  parts.log.replaceChildren(...waits, ...log.filter((l) => l.text !== "undo" && l.text !== "move").map(logLine));
}

function logLine(line) {
  const gone = line.onset === null;
  const moved = !gone && Math.abs(line.onset - line.sent) > 0.5;
  const item = make("li", { class: gone ? "gone" : "" }, make("time", {}, clock(gone ? line.sent : line.onset)), words(line.text),
    make("span", { class: line.on_disk ? "kept" : "kept none" }, t(gone ? "during.undone" : line.on_disk ? "during.on_disk" : "during.memory")));
  if (moved) item.append(make("span", { class: "moved" }, t("during.moved", { at: clock(line.sent), n: Math.round(line.sent - line.onset) })));
  return item;
}

export function words(text, state = now) {
  now ??= state;
  const [verb, ...rest] = text.split("/");
  if (verb === "phase") return nameOf(rest[0]);
  if (verb === "presenter") return t("during.presents", { id: rest[0] });
  if (verb === "intervention") return [term(now.session.interventions[rest[0]] ?? rest[0]).split(" (")[0], ...rest.slice(1)].join(" · ");
  if (verb === "incident") return [t(`incident.${rest[0]}`), ...rest.slice(1)].join(" · ");
  if (verb === "probe") return t("during.reports", { id: rest[0], n: rest[1] });
  if (verb === "silence") return t(rest[0] === "start" ? "during.silence_begins" : "during.silence_ends");
  if (verb === "end") return t("during.end_mark");
  return text.replaceAll("/", " · ");
}

function drawClocks() {
  const list = now.clocks.map((c) => [c.level, c.host, count("clock.streams", c.streams) + (c.here ? t("clock.here") : `, ${clockWord(c)}`
    + (c.offset === null ? "" : t(c.streams > 1 ? "clock.spread" : "clock.age", { ms: number((c.spread ?? 0) * 1000, 1), age: c.age?.toFixed(0) ?? "?" })))]);
  const signature = JSON.stringify(list);
  if (parts.clocks.dataset.shown === signature) return;
  parts.clocks.dataset.shown = signature;
  parts.clocks.replaceChildren(...list.map(([level, host, text]) => make("li", {}, shape(level), make("span", {}, host), make("span", { class: "quiet" }, text))));
}

let fetching = false;
let fetched = -Infinity;
async function fetchCurves() {
  if (fetching || now.now - fetched < 5) return;
  fetching = true;
  try {
    curves = (await get("curves")).curves;
    fetched = now.now;
  } catch (error) {
    say(error.message);
  }
  fetching = false;
}
