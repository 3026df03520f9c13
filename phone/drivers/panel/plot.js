// Delay, loss and concealment of each call over the last minute, one sample a second, told by the phone.
"use strict";

window.panelPlot = (() => {
  const SECONDS = 60;
  const COLOURS = 4;
  const STRIPS = [
    { name: "delay", unit: "ms", least: 40, of: (call) => sum(half(call.round_trip_ms), call.jitter_buffer_ms) },
    { name: "loss", unit: "%", least: 2, of: (call) => call.loss_percent },
    { name: "concealed", unit: "ms/s", least: 20, of: (call, before) => growth(call, before) },
  ];
  const canvas = document.getElementById("plot");
  const pen = canvas.getContext("2d");
  const colours = new Map();  // call id -> 0..3, kept while it is on the plot
  let calls = [];
  let history = [];  // one Map a second: call id -> [delay, loss, concealed], null where unknown
  let before = new Map();  // call id -> concealed_ms a second ago

  const half = (value) => (value === null ? null : value / 2);
  const sum = (a, b) => (a === null ? b : b === null ? a : a + b);
  function growth(call, earlier) {
    if (call.concealed_ms === null || earlier === undefined) return null;
    return Math.max(0, call.concealed_ms - earlier);
  }

  function colour(id) {
    if (!colours.has(id)) {
      const taken = new Set(colours.values());
      const free = [...Array(COLOURS).keys()].find((number) => !taken.has(number));
      colours.set(id, free === undefined ? colours.size % COLOURS : free);
    }
    return colours.get(id);
  }

  function second(now) {
    const sample = new Map(now.map((call) => [call.id, STRIPS.map((strip) => strip.of(call, before.get(call.id)))]));
    before = new Map(now.filter((call) => call.concealed_ms !== null).map((call) => [call.id, call.concealed_ms]));
    history = [...history, sample].slice(-SECONDS);
    forget();
    draw();
  }

  function forget() {
    const seen = new Set(calls.map((call) => call.id));
    for (const sample of history) for (const id of sample.keys()) seen.add(id);
    for (const id of [...colours.keys()]) if (!seen.has(id)) colours.delete(id);
  }

  function describe(now) {
    calls = now;
    const list = document.getElementById("calls");
    const rows = now.map((call) => {
      const row = document.createElement("li");
      row.append(span(`swatch c${colour(call.id)}`, ""), span("peer", call.peer), span("about", about(call)));
      return row;
    });
    const nothing = document.createElement("li");
    nothing.append(span("none", "No call. Delay, loss and concealment appear here."));
    const shown = rows.length ? rows : [nothing];
    if (list.textContent !== shown.map((row) => row.textContent).join("")) list.replaceChildren(...shown);
    draw();
  }

  function about(call) {
    const safety = call.encrypted === null ? "" : call.encrypted ? "encrypted" : "not encrypted";
    return [call.progress, call.codec, safety].filter(Boolean).join(" · ");
  }

  function span(name, text) {
    const made = document.createElement("span");
    made.className = name;
    made.textContent = text;
    return made;
  }

  // --- drawing ----------------------------------------------------------------------------------------------

  function draw() {
    const { clientWidth: width, clientHeight: height } = canvas;
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const style = getComputedStyle(document.documentElement);
    const high = height / STRIPS.length;
    STRIPS.forEach((strip, index) => drawStrip(strip, index, { top: index * high, high, width }, style));
    canvas.setAttribute("aria-label", `Last 60 seconds. ${spoken() || "No figures yet."}`);
  }

  function drawStrip(strip, index, { top, high, width }, style) {
    const left = 92, right = width - 4, floor = top + high - 5, ceiling = top + 7;
    const known = history.flatMap((sample) => [...sample.values()].map((values) => values[index])).filter(Number.isFinite);
    const most = nice(Math.max(strip.least, ...known));
    pen.strokeStyle = style.getPropertyValue("--line");
    pen.lineWidth = 1;
    for (const y of [floor, ceiling]) line([[left, Math.round(y) + 0.5], [right, Math.round(y) + 0.5]]);
    label(strip, index, most, { floor, ceiling, left }, style);
    const x = (age) => right - (age * (right - left)) / (SECONDS - 1);
    const y = (value) => floor - (Math.min(value, most) / most) * (floor - ceiling);
    for (const [id, number] of colours) {
      pen.strokeStyle = pen.fillStyle = style.getPropertyValue(`--c${number}`);
      pen.lineWidth = 1.7;
      pen.lineJoin = "round";
      for (const run of runs(id, index)) drawRun(run.map(([age, value]) => [x(age), y(value)]));
    }
  }

  function label(strip, index, most, { floor, ceiling, left }, style) {
    pen.font = "600 11px system-ui, sans-serif";
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.fillStyle = style.getPropertyValue("--ink");
    pen.fillText(strip.name, 0, ceiling + 5);
    pen.font = "11px system-ui, sans-serif";
    pen.fillStyle = style.getPropertyValue("--quiet");
    const newest = latest(index).map((value) => rounded(value)).join(", ");
    pen.fillText(newest ? `${newest} ${strip.unit}` : strip.unit, 0, ceiling + 20, left - 24);
    pen.font = "9px system-ui, sans-serif";
    pen.textAlign = "right";
    pen.fillText(String(most), left - 4, ceiling + 1);
    pen.fillText("0", left - 4, floor - 1);
  }

  // Stretches of known samples of one call: [seconds ago, value].
  function runs(id, index) {
    const found = [];
    let open = null;
    history.forEach((sample, number) => {
      const value = sample.has(id) ? sample.get(id)[index] : null;
      if (value === null) {
        open = null;
      } else {
        if (!open) found.push(open = []);
        open.push([history.length - 1 - number, value]);
      }
    });
    return found;
  }

  function drawRun(points) {
    if (points.length > 1) line(points);
    const [x, y] = points.at(-1);
    pen.beginPath();
    pen.arc(x, y, 2.2, 0, 2 * Math.PI);
    pen.fill();
  }

  function line(points) {
    pen.beginPath();
    points.forEach(([x, y], number) => (number ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
  }

  const rounded = (value) => (value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
  function latest(index) {
    const sample = history.at(-1);
    return sample ? [...sample.values()].map((values) => values[index]).filter(Number.isFinite) : [];
  }

  function spoken() {
    return STRIPS.map((strip, index) => {
      const values = latest(index).map(rounded);
      return values.length ? `${strip.name} ${values.join(", ")} ${strip.unit}.` : "";
    }).filter(Boolean).join(" ");
  }

  // The next of 1, 2, 5, 10, ... : a scale that does not jump at every sample.
  function nice(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value - 1e-9);
  }

  addEventListener("resize", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  return { describe, second };
})();
