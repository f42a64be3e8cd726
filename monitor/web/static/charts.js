// Draws each chart of a page from the numbers that its element carries; the table beside it has the same ones.
"use strict";

(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function lines(data) {
    const bad = data.bad === null ? Infinity : data.bad;
    const first = data.x.findIndex((at) => at >= bad);
    const before = first < 0 ? data.x.length : first;
    const good = data.observed.map((value, i) => (i < before ? value : null));
    const wrong = data.observed.map((value, i) => (i >= before - 1 ? value : null));
    return [data.x, data.high, data.low, data.expected, good, wrong];
  }

  // how times are said in the installation's time zone
  function dates(zone, daily) {
    const part = (parts) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...parts });
    const day = part({ day: "numeric", month: "short" });
    const hour = part({ hour: "2-digit", minute: "2-digit" });
    const whole = part({ weekday: "short", day: "numeric", month: "short", ...(daily ? {} : { hour: "2-digit", minute: "2-digit" }) });
    const at = (seconds) => new Date(seconds * 1e3);
    return {
      axis: (seconds) => (hour.format(at(seconds)) === "00:00" || daily ? day : hour).format(at(seconds)),
      whole: (seconds) => whole.format(at(seconds)),
    };
  }

  function reading(data, i, date) {
    if (i === null || i === undefined) return "";
    const say = (value) => (value === null ? "not known" : value.toLocaleString("en", { maximumSignificantDigits: 4 }));
    const usual = data.low[i] === null || data.high[i] === null ? "" : `, usually ${say(data.low[i])} to ${say(data.high[i])}`;
    return `${date.whole(data.x[i])}: ${say(data.observed[i])}${usual}`;
  }

  function options(element, data, reader) {
    const zone = element.dataset.zone;
    const date = dates(zone, data.daily);
    const few = data.x.length <= 45;
    const stroke = (name) => () => colour(name);
    const axis = { stroke: stroke("quiet"), grid: { stroke: stroke("line"), width: 1 }, ticks: { show: false }, font: "13px system-ui, sans-serif" };
    const hidden = { points: { show: false } };
    return {
      width: element.clientWidth,
      height: element.clientWidth < 500 ? 190 : 250,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), zone),
      legend: { show: false },
      cursor: { y: false, points: { size: 7 } },
      scales: { y: { range: (_, low, high) => [Math.min(low, 0), high > 0 ? high * 1.08 : 1] } },
      axes: [{ ...axis, size: 30, space: 76, values: (_, at) => at.map(date.axis) }, { ...axis, size: 56 }],
      hooks: { setCursor: [(plot) => { reader.textContent = reading(data, plot.cursor.idx, date); }] },
      bands: [{ series: [1, 2], fill: stroke("band") }],
      series: [
        {},
        { label: "at most", stroke: null, ...hidden },
        { label: "at least", stroke: null, ...hidden },
        { label: "expected", stroke: stroke("middle"), width: 1, ...hidden },
        { label: "observed", stroke: stroke("series"), width: 1.7, points: { show: few, size: 5 } },
        { label: "wrong", stroke: stroke("bad"), width: 1.9, points: { show: few, size: 5 } },
      ],
    };
  }

  function draw(element) {
    const data = JSON.parse(element.dataset.chart);
    const reader = document.createElement("p");
    reader.className = "reading";
    const plot = new uPlot(options(element, data, reader), lines(data), element);
    reader.setAttribute("aria-hidden", "true");
    element.append(reader);
    plot.root.setAttribute("aria-hidden", "true");
    new ResizeObserver(() => {
      if (element.clientWidth !== plot.width) plot.setSize({ width: element.clientWidth, height: plot.height });
    }).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
  }

  document.querySelectorAll(".chart").forEach(draw);
})();
