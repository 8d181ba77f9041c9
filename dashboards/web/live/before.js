// Before: who wears what, who agreed to what, and whether data flows from everyone expected.

import { brief, bytes, clockWord, count, make, number, say, seatColour, shape, t, tellAll, term, told, tryPost } from "./core.js";

const PURPOSES = ["record", "research", "own_view", "group_view", "small_group_view", "share_raw"].map((id) => [id, t(`purpose.${id}`)]);
let parts = {};
let shown = "";
let now = null;

export function open(box) {
  parts = { people: make("section", { class: "panel" }), found: make("section", { class: "panel" }), go: make("section", { class: "panel" }) };
  shown = "";
  box.append(make("div", { class: "page" }, parts.go, make("div", { class: "two" }, parts.people, parts.found)));
}

export function key(event, state) {
  if (event.key === "Enter" && event.ctrlKey && state.ready) { event.preventDefault(); start(); }
}

export function draw(state) {
  now = state;
  drawGo();
  // While somebody types or picks here, the table under their hand is left alone.
  const active = document.activeElement;
  if (parts.people.contains(active) && active.matches("select, input[type=text]")) return;
  const signature = JSON.stringify([state.session, state.streams.map((s) => [s.uid, s.name, s.kinds, s.state, s.person, s.trouble, s.rate && s.rate.toFixed(0)]), state.seats.map((s) => [s.id, s.level, s.word, s.accepted])]);
  if (signature === shown) return;
  shown = signature;
  const focus = active?.dataset?.keep;
  drawPeople();
  drawFound();
  if (focus) document.querySelector(`[data-keep="${CSS.escape(focus)}"]`)?.focus();
}

const save = (changes) => tryPost("setup", { changes });
/** Only what is changed is sent: a second change may be quicker than the state that tells of the first. */
const patch = (people, pseudonyms = []) => save({ patch: people, pseudonyms });
/** Three letters and no digit may be a name: ask before it is written anywhere. */
const mayBe = (id) => !(/\p{L}.*\p{L}.*\p{L}/u.test(id) && !/\d/.test(id))
  || confirm(t("before.like_a_name", { id }));
// ---------------------------------------------------------------- streams and people

/** How session.toml names a stream: by its name if that is its own, else by its source id. */
function title(stream) {
  const same = now.streams.filter((s) => s.name === stream.name && !s.text);
  const sources = now.streams.filter((s) => s.source === stream.source);
  return same.length === 1 || !stream.source || sources.length > 1 ? stream.name : stream.source;
}
function claimed(stream) {
  return Object.values(now.session.people).some((p) => Object.values(p.streams).some((t) => t === stream.name || t === stream.source));
}
function assign(id, stream) {
  if (!stream.kinds.length) { say(t("before.unknown", { stream: stream.name })); return null; }
  return patch({ [id]: { streams: Object.fromEntries(stream.kinds.map((kind) => [kind, title(stream)])) } });
}
const plainRole = () => Object.keys(now.session.protocol.roles).at(-1);

/** Everybody whose pseudonym stands in a stream's name gets that stream; new people are made. */
function byName() {
  const there = now.session.people;
  const people = {};
  for (const stream of now.streams.filter((s) => !s.text && s.kinds.length && !claimed(s))) {
    const found = /(?<![A-Za-z0-9])P\d{1,4}(?![A-Za-z0-9])/i.exec(stream.name.replaceAll("_", " "));
    if (!found) continue;
    const id = found[0].toUpperCase();
    people[id] ??= there[id] ? { streams: {} } : { role: plainRole(), streams: {} };
    for (const kind of stream.kinds) if (!there[id]?.streams[kind]) people[id].streams[kind] ??= title(stream);
  }
  if (!Object.keys(people).length) { say(t("before.no_pseudonym")); return; }
  patch(Object.fromEntries(Object.entries(people).sort()));
}

function drawPeople() {
  const session = now.session;
  const seats = Object.fromEntries(now.seats.map((s) => [s.id, s]));
  const protocol = make("select", { "aria-label": t("before.protocol"), on: { change: (e) => save({ protocol: e.target.value }) } },
    ...[...new Set([session.protocol.id, ...session.protocols])].map((p) => make("option", { value: p, selected: p === session.protocol.id }, p)));
  protocol.dataset.keep = "protocol";
  const rows = Object.entries(session.people).map(([id, person], i) => personRow(id, person, seats[id], i));
  const name = make("input", { type: "text", placeholder: "P05", "aria-label": t("before.further"), size: 6, maxLength: 32 });
  const add = () => { const id = name.value.trim(); if (id && mayBe(id)) { name.blur(); patch({ [id]: { role: plainRole(), streams: {} } }, [id]); } };
  name.addEventListener("keydown", (e) => { if (e.key === "Enter") add(); });
  const consents = session.held_elsewhere ? [] : PURPOSES;
  parts.people.replaceChildren(
    make("h2", {}, t("before.who"), make("span", { class: "grow" }), protocol),
    make("div", { class: "table-box" }, make("table", {}, make("thead", {}, make("tr", {}, ...["person", "role", "sensors", "now"].map((key) => make("th", { scope: "col" }, t(`before.${key}`))),
      ...consents.map(([, text]) => make("th", { scope: "col", class: "tick" }, text)), make("th", { scope: "col" }, make("span", { class: "quiet" }, "–")))), make("tbody", {}, ...rows))),
    make("p", { class: "go" }, name, make("button", { class: "small", type: "button", on: { click: add } }, t("before.add")),
      make("button", { class: "small", type: "button", on: { click: byName } }, t("before.by_name"))),
    make("p", { class: "quiet" }, t(session.held_elsewhere ? "before.held_elsewhere" : "before.consents")));
}

function personRow(id, person, seat, index) {
  const change = (fields) => patch({ [id]: fields });
  const role = make("select", { "aria-label": t("before.role_of", { id }), on: { change: (e) => { e.target.blur(); change({ role: e.target.value }); } } },
    ...Object.entries(now.session.protocol.roles).map(([key, text]) => make("option", { value: key, selected: key === person.role }, term(text))));
  const chips = Object.entries(person.streams).map(([kind, stream]) => make("span", { class: "chip" }, make("span", { title: `${kind}: ${stream}` }, kind.toUpperCase()),
    make("button", { type: "button", "aria-label": t("before.take_from", { stream, id }), on: { click: () => change({ streams: { [kind]: null } }) } }, "×")));
  const free = now.streams.filter((s) => !s.text && s.kinds.length && !claimed(s));
  const pick = make("select", { "aria-label": t("before.give", { id }), on: { change: (e) => { const s = free.find((f) => f.uid === e.target.value); e.target.blur(); if (s) assign(id, s); } } },
    make("option", { value: "" }, t("before.plus_sensor")), ...free.map((s) => make("option", { value: s.uid }, `${s.name} (${s.kinds.join(", ")})`)));
  const site = make("select", { class: "site", "aria-label": t("before.site_of", { id }), on: { change: (e) => { e.target.blur(); change({ eda_site: e.target.value || null }); } } },
    ...["", "finger", "palm", "wrist", "foot"].map((s) => make("option", { value: s, selected: s === (person.eda_site ?? "") }, t(`site.${s || "unknown"}`))));
  const ticks = now.session.held_elsewhere ? [] : PURPOSES.map(([purpose, text]) => {
    const box = make("input", { type: "checkbox", checked: person.consent.includes(purpose), "aria-label": t("before.agreed", { id, text }), on: { change: (e) => tick(id, purpose, e.target.checked) } });
    box.dataset.keep = `${id} ${purpose}`;
    return make("td", { class: "tick" }, box);
  });
  const mark = make("span", { class: "seatmark" });
  mark.style.setProperty("--seat", seatColour(index));
  const row = make("tr", {}, make("th", { scope: "row" }, mark, id), make("td", {}, role),
    make("td", {}, make("div", { class: "chips" }, ...chips, "eda" in person.streams ? site : null, free.length ? pick : null)),
    make("td", {}, seat ? make("span", { class: `state ${seat.level}`, title: seat.trouble ? tellAll(seat.trouble) : "" }, shape(seat.level), brief(seat.word)) : ""), ...ticks,
    make("td", {}, make("button", { class: "small plain", type: "button", "aria-label": t("before.remove", { id }), on: { click: () => patch({ [id]: null }) } }, "×")));
  row.addEventListener("dragover", (e) => { e.preventDefault(); row.className = "drop"; });
  row.addEventListener("dragleave", () => { row.className = ""; });
  row.addEventListener("drop", (e) => { e.preventDefault(); row.className = ""; const s = now.streams.find((f) => f.uid === e.dataTransfer.getData("text/plain")); if (s) assign(id, s); });
  return row;
}

const tick = (id, purpose, on) => save({ tick: { [id]: { [purpose]: on } } });

function drawFound() {
  const streams = now.streams;
  const items = streams.map((s) => {
    const level = s.state === "lost" || s.severity === "problem" ? "none" : s.severity === "warning" || s.state === "waiting" ? "weak" : "good";
    const what = s.text ? t("before.texts") : s.kinds.length ? s.kinds.join(", ") : t("before.not_recognised");
    const rate = s.rate ? t("before.rate", { n: number(s.rate, s.rate < 10 ? 1 : 0) }) : s.state === "waiting" ? t("before.nothing_yet") : "";
    const item = make("li", { draggable: s.text ? "false" : "true" }, make("span", {}, shape(level), ` ${s.name}`, s.person ? make("b", {}, ` → ${s.person}`) : ""),
      make("span", { class: "quiet" }, [what, rate, s.host].filter(Boolean).join(" · ")), s.trouble ? make("span", { class: level }, told(s.code, s.trouble)) : "");
    item.addEventListener("dragstart", (e) => e.dataTransfer.setData("text/plain", s.uid));
    return item;
  });
  parts.found.replaceChildren(make("h2", {}, count("before.found", streams.length)), make("ul", { class: "found" }, ...items),
    make("p", { class: "quiet" }, t(streams.length ? "before.drag" : "before.none_found")));
}

// ---------------------------------------------------------------- ready?

async function start() {
  const answer = await tryPost("start");
  if (answer) say(t("before.recording_to", { file: answer.file ?? "" }));
}

let went = "";
let chosen = null; // who goes on without data, until the state says the same
function drawGo() {
  const missing = now.seats.filter((s) => !s.flowing);
  const accepted = now.seats.filter((s) => s.accepted).map((s) => s.id);
  if (chosen && JSON.stringify([...chosen].sort()) === JSON.stringify(accepted.sort())) chosen = null;
  const disk = now.disk;
  const clocks = now.clocks.filter((c) => c.level !== "good");
  const checks = [
    [now.seats.length ? (missing.length ? "weak" : "good") : "none", now.seats.length ? t("before.flows", { good: now.seats.length - missing.length, n: now.seats.length }) : t("before.nobody")],
    [disk.level, disk.level === "good" ? t("before.disk_free", { free: bytes(disk.free) }) : t("before.disk", { text: told("disk-short", disk.text) })],
    [clocks.length ? "weak" : now.clocks.length ? "good" : "weak", clocks.length ? t("before.clock_of", { list: clocks.map((c) => `${c.host}: ${clockWord(c)}`).join(", ") }) : now.clocks.length ? count("before.clocks_ok", now.clocks.length) : t("before.no_machine")],
    ...now.alarms.filter((a) => ["stream-unclaimed", "id-ambiguous", "claim-ambiguous", "stream-refused"].includes(a.code)).slice(0, 6).map((a) => [a.severity === "problem" ? "none" : "weak", `${a.where}: ${told(a.code, a.message)}`]),
  ];
  const signature = JSON.stringify([checks, missing.map((s) => [s.id, s.word]), accepted, now.ready]);
  if (signature === went) return;
  if (parts.go.contains(document.activeElement) && document.activeElement.matches("input")) document.activeElement.blur();
  went = signature;
  // Two ticks may be quicker than the state that tells of the first one.
  const accept = async (id, on) => {
    chosen = new Set(chosen ?? accepted);
    if (on) chosen.add(id); else chosen.delete(id);
    if (!(await tryPost("accept", { people: [...chosen] }))) chosen = null;
  };
  parts.go.replaceChildren(make("div", { class: "go" },
    make("button", { class: "main", type: "button", id: "start", disabled: !now.ready, on: { click: start } }, t(now.ready ? "before.start" : "before.not_ready"), " ", make("kbd", {}, "Ctrl Enter")),
    make("ul", { class: "checks" }, ...checks.map(([level, text]) => make("li", {}, shape(level), text))),
    missing.length ? make("div", {}, make("p", { class: "quiet" }, t("before.without")), make("div", { class: "chips" },
      ...missing.map((s) => make("label", { class: "chip" }, make("input", { type: "checkbox", checked: chosen?.has(s.id) ?? s.accepted, "aria-label": t("before.without_one", { id: s.id }), on: { change: (e) => accept(s.id, e.target.checked) } }), `${s.id}: ${brief(s.word)} `)))) : null));
}
