// From chosen numbers to plotly figures; colours are the theme's light ones by exact text.
const studyFigures = (() => {
  const GAP = null;
  // plotly reads a few tags in texts; what a file said stays as it was written.
  const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  const plain = (text) => String(text).replace(/[&<>]/g, (letter) => ENTITIES[letter]);
  const fill = (layout) => structuredClone(layout);
  const suffix = (measure) => (measure.unit ? ` ${plain(measure.unit)}` : "");

  function turned(axis, measure) {
    // Up is always more aroused.
    axis.autorange = measure.sign < 0 ? "reversed" : true;
  }

  function range(counts) {
    const low = Math.min(...counts);
    const high = Math.max(...counts);
    return low === high ? `${low}` : `${low}–${high}`;
  }

  function band(points, colours) {
    const traces = [];
    let part = [];
    const close = () => {
      if (part.length > 1) {
        traces.push({
          type: "scatter", mode: "lines", fill: "toself", hoverinfo: "skip", line: { width: 0 },
          fillcolor: colours.spread,
          x: [...part.map((p) => p.x), ...part.map((p) => p.x).reverse()],
          y: [...part.map((p) => p.high), ...part.map((p) => p.low).reverse()],
        });
      }
      part = [];
    };
    for (const point of points) {
      if (point === GAP || point.low === null) close();
      else part.push(point);
    }
    close();
    return traces;
  }

  function curves(data, layout, chosen, kind) {
    const { measure, used, columns, mean } = chosen;
    const { colours, bins } = data;
    const place = (column, bin) => column + (bin + 0.5) / bins;
    const thin = { x: [], y: [], customdata: [] };
    for (const { session, block, row } of used) {
      const name = plain(data.sessions[session].id) + (block ? `, case ${block}` : "");
      columns.forEach((phase, column) => {
        if (!row[phase]) return;
        row[phase].forEach((value, bin) => {
          thin.x.push(place(column, bin));
          thin.y.push(value === null ? null : value * measure.step);
          thin.customdata.push(name);
        });
        thin.x.push(null);
        thin.y.push(null);
        thin.customdata.push("");
      });
    }
    const points = mean.flatMap((column, at) => [
      ...column.map((cell, bin) => ({ ...cell, x: place(at, bin) })),
      GAP,
    ]);
    const unit = suffix(measure);
    const figure = fill(layout);
    figure.yaxis.title.text = `change from own start,${unit}`;
    turned(figure.yaxis, measure);
    figure.xaxis.range = [0, Math.max(columns.length, 1)];
    figure.xaxis.tickvals = columns.map((_, at) => at + 0.5);
    const counted = mean.map((column) => range(column.map((cell) => cell.n)));
    figure.xaxis.ticktext = columns.map((phase, at) => `${plain(data.phases[phase].name)}<br>n ${counted[at]}`);
    figure.meta.narrow["xaxis.ticktext"] = columns.map((phase) => data.phases[phase].number);
    figure.shapes = [
      ...figure.shapes,
      ...columns.map((phase, at) => ({
        type: "rect", xref: "x", yref: "paper", x0: at, x1: at + 1, y0: 0, y1: 1, layer: "below",
        fillcolor: data.phases[phase].fill, line: { color: data.phases[phase].edge, width: 1 },
      })),
    ];
    const many = used.length;
    const traces = [
      {
        type: "scatter", mode: "lines", connectgaps: false, ...thin,
        line: { color: colours.person, width: 0.9 },
        opacity: many > 150 ? 0.35 : many > 50 ? 0.6 : 1,
        hovertemplate: `%{customdata}: %{y:+.${measure.digits}f}${unit}<extra></extra>`,
      },
      ...band(points, colours),
      {
        type: "scatter", mode: "lines", connectgaps: false,
        x: points.map((p) => p?.x ?? null),
        y: points.map((p) => p?.mean ?? null),
        customdata: points.map((p) => p?.n ?? null),
        line: { color: colours[kind], width: 2.8 },
        hovertemplate: `mean %{y:+.${measure.digits}f}${unit}, n %{customdata}<extra></extra>`,
      },
    ];
    return { data: traces, layout: figure };
  }

  // Means with their intervals; where there is none (too few), the mark stands open and alone.
  function marks(cells, x, axis, colour, symbol, label, unit, digits) {
    const there = cells.flatMap((cell, at) => (cell.n ? [{ ...cell, x: x(at) }] : []));
    return {
      type: "scatter", mode: "markers", yaxis: axis,
      x: there.map((c) => c.x),
      y: there.map((c) => c.mean),
      customdata: there.map((c) => c.n),
      marker: { size: 10, color: colour, symbol: there.map((c) => symbol + (c.low === null ? "-open" : "")) },
      error_y: {
        type: "data", symmetric: false, color: colour, thickness: 2.2, width: 0,
        array: there.map((c) => (c.low === null ? 0 : c.high - c.mean)),
        arrayminus: there.map((c) => (c.low === null ? 0 : c.mean - c.low)),
      },
      hovertemplate: `${label} %{y:+.${digits}f}${unit}, n %{customdata}<extra></extra>`,
    };
  }

  function roles(data, layout, rows, measure) {
    const { colours } = data;
    const unit = suffix(measure);
    const digits = measure.digits;
    const figure = fill(layout);
    for (const name of ["yaxis", "yaxis2"]) turned(figure[name], measure);
    figure.yaxis.title.text = `change,${unit}`;
    figure.yaxis2.title.text = `difference,${unit}`;
    figure.xaxis.range = [-0.5, rows.length - 0.5];
    figure.xaxis.tickvals = rows.map((_, at) => at);
    figure.xaxis.ticktext = rows.map((row) => `${plain(data.phases[row.phase].name)}<br>n ${row.difference.n}`);
    figure.meta.narrow["xaxis.ticktext"] = rows.map((row) => data.phases[row.phase].number);
    const dots = { x: [], y: [], customdata: [] };
    rows.forEach((row, at) => {
      row.pairs.forEach((pair, k) => {
        dots.x.push(at - 0.28 + (0.2 * (k % 5)) / 4);
        dots.y.push(pair.value);
        dots.customdata.push(`${plain(data.sessions[pair.session].id)}, case ${pair.block}`);
      });
    });
    return {
      data: [
        marks(rows.map((r) => r.members), (at) => at - 0.12, "y", colours.members, "circle", "members", unit, digits),
        marks(rows.map((r) => r.presenter), (at) => at + 0.12, "y", colours.presenter, "diamond", "presenter", unit, digits),
        {
          type: "scatter", mode: "markers", yaxis: "y2", ...dots,
          marker: { size: 5, color: colours.person, symbol: "circle" },
          hovertemplate: `%{customdata}: %{y:+.${digits}f}${unit}<extra></extra>`,
        },
        marks(rows.map((r) => r.difference), (at) => at + 0.12, "y2", colours.ink, "square", "difference", unit, digits),
      ],
      layout: figure,
    };
  }

  function course(data, layout, chosen) {
    const { colours } = data;
    const unit = chosen.contrast.unit ? ` ${plain(chosen.contrast.unit)}` : "";
    const figure = fill(layout);
    figure.yaxis.title.text = `contrast,${unit}`;
    const last = Math.max(1, ...chosen.points.map((p) => p.meeting));
    figure.xaxis.range = [0.5, last + 0.5];
    if (last <= 16) figure.xaxis.dtick = 1;
    const lines = { x: [], y: [] };
    for (const [name, meetings] of chosen.groups) {
      if (!name) continue;
      for (const [meeting, values] of meetings) {
        lines.x.push(meeting);
        lines.y.push(values.reduce((a, b) => a + b, 0) / values.length);
      }
      lines.x.push(null);
      lines.y.push(null);
    }
    const mean = chosen.mean;
    return {
      data: [
        {
          type: "scatter", mode: "lines", connectgaps: false, hoverinfo: "skip", ...lines,
          line: { color: colours.person, width: 0.9 },
        },
        {
          type: "scatter", mode: "markers",
          x: chosen.points.map((p) => p.meeting),
          y: chosen.points.map((p) => p.value),
          customdata: chosen.points.map((p) => plain(`${p.id}, case ${p.block}${p.group ? `, ${p.group}` : ""}`)),
          marker: { size: 6, color: colours.zero, symbol: "circle" },
          hovertemplate: `%{customdata}: %{y:+.3g}${unit}<extra></extra>`,
        },
        {
          ...marks(mean, (at) => mean[at].meeting, "y", colours.members, "square", "mean", unit, 2),
          mode: "lines+markers",
          line: { color: colours.members, width: 2.2 },
        },
      ],
      layout: figure,
    };
  }

  return { curves, roles, course };
})();
