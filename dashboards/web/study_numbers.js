"use strict";
// What the filters choose, counted: no drawing here. The same numbers stand in the page's tables.
const studyNumbers = (() => {
  const finite = (value) => value !== null && value !== undefined;

  function number(value, digits) {
    if (!finite(value)) return "–";
    const text = value.toFixed(digits);
    if (Number(text) === 0) return text.replace("-", "");
    return value > 0 ? `+${text}` : text.replace("-", "−");
  }

  // Mean over units with its 95 % interval by t; no interval below the least number of units.
  function summed(values, data) {
    const n = values.length;
    if (!n) return { n, mean: null, low: null, high: null };
    let sum = 0;
    for (const value of values) sum += value;
    const mean = sum / n;
    if (n < data.least) return { n, mean, low: null, high: null };
    let squares = 0;
    for (const value of values) squares += (value - mean) * (value - mean);
    const half = (data.t[n - 2] * Math.sqrt(squares / (n - 1))) / Math.sqrt(n);
    return { n, mean, low: mean - half, high: mean + half };
  }

  function told(cell, digits, unit) {
    if (!cell.n) return "–";
    const mean = `${number(cell.mean, digits)}${unit ? ` ${unit}` : ""}`;
    if (cell.low === null) return `${mean}, n ${cell.n}`;
    return `${mean} [${number(cell.low, digits)}, ${number(cell.high, digits)}], n ${cell.n}`;
  }

  function sessions(data, choice) {
    const fits = (s) =>
      (!choice.protocol || s.protocol === choice.protocol) &&
      (!choice.group || (s.group || "not told") === choice.group);
    return new Set(data.sessions.flatMap((s, at) => (fits(s) ? [at] : [])));
  }

  const measureOf = (data, choice) => data.measures.find((m) => m.id === choice.measure);

  function curves(data, choice) {
    const measure = measureOf(data, choice);
    const rows = measure ? data.curves[measure.id][choice.role] : [];
    const inside = sessions(data, choice);
    const used = data.units.flatMap(([session, block], at) =>
      inside.has(session) && rows[at] ? [{ session, block, row: rows[at] }] : [],
    );
    const columns = data.phases.flatMap((phase, at) => (used.some((u) => u.row[at]) ? [at] : []));
    const mean = columns.map((phase) =>
      Array.from({ length: data.bins }, (_, bin) => {
        const values = [];
        for (const { row } of used) {
          const value = row[phase]?.[bin];
          if (finite(value)) values.push(value * measure.step);
        }
        return summed(values, data);
      }),
    );
    return { measure, used, columns, mean };
  }

  // Per phase: the members' and the presenter's mean over units, and the difference within blocks.
  function phases(data, choice) {
    const measure = measureOf(data, choice);
    if (!measure) return [];
    const own = data.means[measure.id];
    const inside = sessions(data, choice);
    const step = measure.step / data.finer;
    const found = [];
    data.phases.forEach((phase, at) => {
      const sides = { members: [], presenter: [] };
      const pairs = [];
      data.units.forEach(([session, block], unit) => {
        if (!inside.has(session)) return;
        const members = own.members[unit]?.[at];
        const presenter = own.presenter[unit]?.[at];
        if (members) sides.members.push(members[0] * step);
        if (presenter) sides.presenter.push(presenter[0] * step);
        if (presenter && members && members[1] >= data.leastMembers) {
          const value = (presenter[0] - members[0]) * step;
          pairs.push({ session, block, presenter: presenter[0] * step, members: members[0] * step,
            people: members[1], value });
        }
      });
      if (!sides.members.length && !sides.presenter.length) return;
      found.push({
        phase: at,
        members: summed(sides.members, data),
        presenter: summed(sides.presenter, data),
        difference: summed(pairs.map((p) => p.value), data),
        pairs,
      });
    });
    return found;
  }

  function course(data, choice) {
    const contrast = data.contrasts[choice.contrast];
    const inside = sessions(data, choice);
    const own = data.values.filter(([c, s]) => c === choice.contrast && inside.has(s));
    const points = own
      .map(([, session, block, value]) => ({ session, block, value, ...data.sessions[session] }))
      .filter((p) => finite(p.meeting))
      .sort((a, b) => a.meeting - b.meeting);
    const grouped = (of) => {
      const lines = new Map();
      for (const p of points) {
        const key = of(p);
        if (!lines.has(key)) lines.set(key, new Map());
        const line = lines.get(key);
        if (!line.has(p.meeting)) line.set(p.meeting, []);
        line.get(p.meeting).push(p.value);
      }
      return lines;
    };
    const everybody = grouped(() => "").get("") ?? new Map();
    const mean = [...everybody].map(([meeting, v]) => ({ meeting, ...summed(v, data) }));
    return { contrast, points, groups: grouped((p) => p.group), mean, untold: own.length - points.length };
  }

  function csv(columns, rows) {
    const cell = (value) => {
      if (!finite(value)) return "n/a";
      const text = typeof value === "number" ? String(Number(value.toPrecision(7))) : String(value);
      // A text that a spreadsheet would take for a formula is kept a text.
      const safe = typeof value !== "number" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
      return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  }

  return { number, told, summed, sessions, curves, phases, course, csv };
})();
