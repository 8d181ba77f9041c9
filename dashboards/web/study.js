// The study page: filters choose, figures and tables follow, every figure gives its data away.
document.addEventListener("unpacked", ({ detail: { figures, redraw } }) => {
  const byId = (id) => document.getElementById(id);
  const data = figures.study;
  const layouts = figures.layouts;
  const empty = (name) => ({ data: [], layout: layouts[name] });
  const boxes = new Set([...document.querySelectorAll("[data-figure]")].map((b) => b.dataset.figure));
  const inputs = [...document.querySelectorAll("[data-filter]")];
  const { told } = studyNumbers;
  let choice = {};
  let now = {};

  function read() {
    choice = Object.fromEntries(inputs.map((input) => [input.dataset.filter, input.value]));
    choice.contrast = Number(choice.contrast ?? 0);
    now = {
      sessions: studyNumbers.sessions(data, choice),
      curves: studyNumbers.curves(data, choice),
      phases: studyNumbers.phases(data, choice),
      course: data.contrasts.length ? studyNumbers.course(data, choice) : null,
    };
  }

  const kinds = { members: "members", presenter: "presenter", leaders: "leaders" };
  const plural = (n, one, many) => `${n} ${n === 1 ? one : many}`;

  function build() {
    const { measure } = now.curves;
    if (boxes.has("curves")) {
      figures.curves = measure
        ? studyFigures.curves(data, layouts.curves, now.curves, kinds[choice.role])
        : empty("curves");
    }
    if (boxes.has("roles")) {
      const rows = now.phases.filter((row) => data.phases[row.phase].case);
      figures.roles = measure ? studyFigures.roles(data, layouts.roles, rows, measure) : empty("roles");
    }
    if (boxes.has("course")) {
      figures.course = now.course
        ? studyFigures.course(data, layouts.course, now.course)
        : empty("course");
    }
  }

  function say(name, text) {
    const caption = byId(`told-${name}`);
    if (caption) caption.textContent = text;
    byId(`figure-${name}`)?.setAttribute("aria-label", text);
  }

  function words() {
    const { measure, used, columns } = now.curves;
    if (!measure) return;
    const blocks = used.filter((u) => u.block).length;
    const evenings = new Set(used.map((u) => u.session)).size;
    const counted = `${plural(evenings, "session", "sessions")}, ${plural(blocks, "case block", "case blocks")}`;
    const role = byId("filter-role")?.selectedOptions[0]?.textContent ?? choice.role;
    const what = `${measure.label}, ${role}`;
    say("curves", columns.length
      ? `${what}: ${counted}, over ${plural(columns.length, "phase", "phases")}. ${
        blocks < data.least ? `Fewer than ${data.least} case blocks: described, no band in the case phases.` : ""}`.trim()
      : `${what}: nobody here has a value.`);
    const pairs = now.phases.flatMap((row) => row.pairs.map((p) => `${p.session}/${p.block}`));
    const n = new Set(pairs).size;
    say("roles", `${measure.label}, presenter less members of the same case block: ${
      plural(n, "case block", "case blocks")} with both. ${
      n < data.least ? `Fewer than ${data.least}: no intervals.` : ""}`.trim());
    byId("shown")?.replaceChildren(`Shown: ${plural(now.sessions.size, "session", "sessions")} of ${data.sessions.length}`);
    if (now.course) courseWords();
  }

  function courseWords() {
    const { contrast, points, groups, untold } = now.course;
    const known = [...groups.keys()].filter(Boolean).length;
    const missing = untold ? ` ${plural(untold, "block has", "blocks have")} no meeting number.` : "";
    say("course", points.length
      ? `${contrast.words}. ${contrast.label}: ${plural(points.length, "case block", "case blocks")} of ${
        plural(known, "group", "groups")}.${missing}`
      : `${contrast.label}: no case block with a meeting number here.${missing}`);
    byId("slope").textContent = data.slopes[choice.contrast] ?? "";
  }

  function tables() {
    const body = byId("phase-numbers");
    const { measure } = now.curves;
    if (body && measure) {
      const cells = (row) => ["members", "presenter", "difference"].map((side) => {
        const cell = document.createElement("td");
        cell.className = "num";
        cell.textContent = told(row[side], measure.digits, measure.unit);
        return cell;
      });
      body.replaceChildren(...now.phases.map((row) => {
        const line = document.createElement("tr");
        const head = document.createElement("th");
        head.scope = "row";
        head.textContent = data.phases[row.phase].name;
        line.append(head, ...cells(row));
        return line;
      }));
      byId("phase-caption").textContent = `${measure.label}: mean [95 % interval], n`;
    }
    const shown = new Set([...now.sessions].map((at) => data.sessions[at].id));
    const all = !choice.protocol && !choice.group;
    for (const row of document.querySelectorAll("#matrix tbody tr")) {
      row.hidden = !all && !shown.has(row.dataset.session);
    }
  }

  function follow() {
    read();
    build();
    words();
    tables();
  }

  function again() {
    follow();
    for (const name of ["curves", "roles", "course"]) if (boxes.has(name)) redraw(name);
  }

  // ---- what a figure gives away ----
  const place = (session) => {
    const { id, protocol, group, meeting } = data.sessions[session];
    return [id, protocol, group || null, meeting];
  };
  const PLACE = ["session", "protocol", "group", "meeting"];
  const given = {
    curves() {
      const { measure, used, columns, mean } = now.curves;
      const head = ["line", ...PLACE, "case_block", "role", "measure", "unit", "phase", "progress",
        "change", "low", "high", "n"];
      const same = [choice.role, measure.id, measure.unit];
      const progress = (bin) => (bin + 0.5) / data.bins;
      const rows = used.flatMap(({ session, block, row }) => columns.flatMap((phase) =>
        (row[phase] ?? []).map((value, bin) => ["session", ...place(session), block, ...same,
          data.phases[phase].id, progress(bin), value === null ? null : value * measure.step, null, null, null])));
      const means = columns.flatMap((phase, at) => mean[at].map((cell, bin) => ["mean", null, null, null,
        null, null, ...same, data.phases[phase].id, progress(bin), cell.mean, cell.low, cell.high, cell.n]));
      return [head, [...means, ...rows]];
    },
    roles() {
      const { measure } = now.curves;
      const head = ["line", ...PLACE, "case_block", "measure", "unit", "phase", "members", "presenter",
        "difference", "low", "high", "n"];
      const rows = now.phases.flatMap((row) => {
        const phase = data.phases[row.phase].id;
        const { members, presenter, difference } = row;
        const same = [measure.id, measure.unit, phase];
        return [
          ["mean", null, null, null, null, null, ...same, members.mean, presenter.mean,
            difference.mean, difference.low, difference.high, difference.n],
          ...row.pairs.map((p) => ["case block", ...place(p.session), p.block, ...same, p.members,
            p.presenter, p.value, null, null, null]),
        ];
      });
      return [head, rows];
    },
    course() {
      const { contrast } = now.course;
      const rows = data.values
        .filter(([c, s]) => c === choice.contrast && now.sessions.has(s))
        .map(([, session, block, value]) => [...place(session), block, contrast.id, contrast.measure, value, contrast.unit]);
      return [[...PLACE, "case_block", "contrast", "measure", "value", "unit"], rows];
    },
  };

  function download(name) {
    const table = data.tables[name];
    const [columns, rows] = table ? [table.columns, table.rows] : given[name]();
    const inside = new Set([...now.sessions].map((at) => data.sessions[at].id));
    const kept = table && columns[0] === "session" && (choice.protocol || choice.group)
      ? rows.filter((row) => inside.has(row[0]))
      : rows;
    const text = studyNumbers.csv(columns, kept);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    link.download = `${name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  // ---- the matrix: one stop for Tab, arrows within ----
  function matrix() {
    const table = byId("matrix");
    if (!table) return;
    const detail = byId("why");
    const rows = () => [...table.querySelectorAll("tbody tr:not([hidden])")];
    const cellsOf = (row) => [...row.querySelectorAll("td[tabindex]")];
    const explain = (cell) => {
      const row = cell.closest("tr");
      const why = data.whys[row.dataset.session]?.[cell.dataset.measure];
      if (!why) return;
      detail.textContent = `${row.dataset.session}, ${cell.dataset.label}: ${why}`;
      for (const other of table.querySelectorAll('td[tabindex="0"]')) other.tabIndex = -1;
      cell.tabIndex = 0;
    };
    table.addEventListener("focusin", (event) => {
      const cell = event.target.closest("td[tabindex]");
      if (cell) explain(cell);
    });
    table.addEventListener("keydown", (event) => {
      const cell = event.target.closest("td[tabindex]");
      if (!cell) return;
      const lines = rows().filter((row) => cellsOf(row).length);
      const at = lines.indexOf(cell.closest("tr"));
      const across = cellsOf(lines[at]).indexOf(cell);
      const to = {
        ArrowDown: () => cellsOf(lines[at + 1] ?? lines[at])[across],
        ArrowUp: () => cellsOf(lines[at - 1] ?? lines[at])[across],
        ArrowRight: () => cellsOf(lines[at])[across + 1],
        ArrowLeft: () => cellsOf(lines[at])[across - 1],
        Home: () => cellsOf(lines[at])[0],
        End: () => cellsOf(lines[at]).at(-1),
      }[event.key]?.();
      if (!to) return;
      event.preventDefault();
      to.focus();
    });
  }

  // The cell that Tab reaches must not be a hidden one.
  function reachable() {
    const table = byId("matrix");
    const open = table?.querySelector('tbody tr:not([hidden]) td[tabindex="0"]');
    if (!table || open) return;
    for (const other of table.querySelectorAll('td[tabindex="0"]')) other.tabIndex = -1;
    const first = table.querySelector("tbody tr:not([hidden]) td[tabindex]");
    if (first) first.tabIndex = 0;
  }

  for (const shy of document.querySelectorAll("[data-script]")) shy.hidden = false;
  for (const input of inputs) {
    input.addEventListener("change", () => {
      again();
      reachable();
    });
  }
  byId("reset")?.addEventListener("click", () => {
    for (const input of inputs) if (input.dataset.filter !== "contrast") input.selectedIndex = 0;
    again();
    reachable();
  });
  for (const button of document.querySelectorAll("[data-download]")) {
    button.addEventListener("click", () => download(button.dataset.download));
  }
  matrix();
  follow();
});
