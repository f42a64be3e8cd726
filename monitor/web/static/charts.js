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

  function options(element, data) {
    const zone = element.dataset.zone;
    const few = data.x.length <= 45;
    const stroke = (name) => () => colour(name);
    const axis = { stroke: stroke("quiet"), grid: { stroke: stroke("line"), width: 1 }, ticks: { show: false }, font: "13px system-ui, sans-serif" };
    const hidden = { points: { show: false } };
    return {
      width: element.clientWidth,
      height: element.clientWidth < 500 ? 200 : 260,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), zone),
      legend: { live: true, markers: { show: false } },
      cursor: { y: false, points: { size: 7 } },
      scales: { y: { range: (_, low, high) => [Math.min(low, 0), high > 0 ? high * 1.08 : 1] } },
      axes: [{ ...axis, space: 76 }, { ...axis, size: 56 }],
      bands: [{ series: [1, 2], fill: stroke("band") }],
      series: [
        { label: "Time", value: "{DD} {MMM}" + (data.daily ? "" : " {HH}:{mm}") },
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
    const plot = new uPlot(options(element, data), lines(data), element);
    plot.root.setAttribute("aria-hidden", "true");
    new ResizeObserver(() => {
      if (element.clientWidth !== plot.width) plot.setSize({ width: element.clientWidth, height: plot.height });
    }).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
  }

  document.querySelectorAll(".chart").forEach(draw);
})();
