// What every part of the page uses: words, elements, requests, shapes, seat colours, time as text.

import { WORDS, TERMS, TOLD } from "./words.js";

/** A text of the page's language with its values filled in. */
export const t = (key, values = {}) => (WORDS[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
/** The same for one or for many. */
export const count = (key, n, values = {}) => t(`${key}.${n === 1 ? "one" : "many"}`, { n: number(n), ...values });
/** A protocol's own name of a phase, role, intervention: in the page's language if it is a known one. */
export const term = (text) => TERMS[text] ?? text;
/** What the recorder says in a word or two. */
export const brief = (text) => WORDS[`brief.${text}`] ?? text;
/** A finding's sentence in the page's language with its values; as the recorder said it if none is known. */
export function told(code, text) {
  for (const [pattern, names, own] of TOLD[code] ?? []) {
    const found = new RegExp(pattern, "s").exec(text);
    if (found) return own.replace(/\{(\w+)\}/g, (_, name) => found[names.indexOf(name) + 1].replace(/^(\d+)\.(\d+)$/, `$1${POINT}$2`));
  }
  return text;
}
/** Whether a finding is about a place that the page has a word for: the disk, the marks. */
export const placed = (where) => (TOLD.where ?? []).some(([pattern]) => new RegExp(pattern, "s").test(where));
export const capital = (text) => text.charAt(0).toLocaleUpperCase(WORDS["page.language"]) + text.slice(1);
/** A finding in full: where, what, what to do. */
export const tellAll = (f) => [[told("where", f.where), told(f.code, f.message)].filter(Boolean).join(": "), told(f.code, f.hint)].filter(Boolean).join(" – ");
export const number = (n, digits = 0) => n.toLocaleString(WORDS["page.language"], { minimumFractionDigits: digits, maximumFractionDigits: digits });

const POINT = number(1.5, 1).charAt(1);

export const SEATS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9",
  "#8a7a00", "#6a3d9a", "#8c564b", "#1b9e77", "#e7298a", "#5c6b75"];
export const seatColour = (index) => SEATS[index % SEATS.length];

/** Make an element. Text is always text: stream names come from the network. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") for (const [event, run] of Object.entries(value)) element.addEventListener(event, run);
    else if (name === "class") element.className = value;
    else if (name in element && name !== "list" && name !== "draggable") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setClass(element, name) {
  if (element.className !== name) element.className = name;
}

const PATHS = {
  good: "M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm-1.2 11.6L3.3 8l1.5-1.5 2 2 4.4-4.5 1.5 1.5Z",
  weak: "M8 .8 16 15.2H0ZM7 6v4.2h2V6Zm0 5.4v2h2v-2Z",
  none: "M1 1h14v14H1Zm3 4.4L6.6 8 4 10.6 5.4 12 8 9.4 10.6 12l1.4-1.4L9.4 8 12 5.4 10.6 4 8 6.6 5.4 4Z",
};
/** A disc with a tick, a triangle with a bang, a square with a cross: told apart without colour. */
export function shape(level) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `shape ${level}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[level] ?? PATHS.weak);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(s / 60);
  return minutes < 60 ? `${two(minutes)}:${two(s % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(s % 60)}`;
}

export function bytes(n) {
  return n > 1e9 ? `${(n / 1e9).toFixed(n > 1e10 ? 0 : 1)} GB` : `${(n / 1e6).toFixed(n > 1e7 ? 0 : 1)} MB`;
}

export function newKey() {
  const random = crypto.getRandomValues(new Uint8Array(9));
  return "k" + [...random].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** How well a machine's clock is known. */
export const clockWord = (c) => (c.level === "none" && c.age !== null ? t("clock.silent", { age: Math.round(c.age) }) : brief(c.word));

let silence;
export function say(text, seconds = 4) {
  const said = document.getElementById("said");
  said.textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => { said.textContent = ""; }, seconds * 1000);
}

/** Ask the server; throws an Error with the words for the person at the page. */
export async function post(what, fields = {}) {
  const answer = await fetch(`/api/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Arousal": "1" },
    body: JSON.stringify(fields),
  });
  return read(answer);
}

export async function get(what) {
  return read(await fetch(`/api/${what}`));
}

async function read(answer) {
  const fields = await answer.json().catch(() => ({ error: t("page.server_said", { status: answer.status }) }));
  if (answer.ok) return fields;
  const error = new Error([fields.error, fields.hint].filter(Boolean).map((text) => told("refusal", text)).join(" – "));
  error.status = answer.status;
  throw error;
}

/** Like post, but says what went wrong instead of throwing; returns null then. */
export async function tryPost(what, fields) {
  try {
    return await post(what, fields);
  } catch (error) {
    say(error.message, 8);
    return null;
  }
}
