// The gaps of a session: a timeline of how long each was open, and a table with who was asked how often.

import { drawn, make } from "./dom.js";
import { clock, clockSeconds, count, lasting, many } from "./words.js";

const LANES = 14, LANE = 13, LEFT = 4, AXIS = 20, MOST_ROWS = 300;
const LATER = 3 * 3600000; // what was healed long after the day would leave no room for it: its dashes run to the edge
const OUTCOMES = { closed: "closed", no_trade: "no trade", abandoned: "abandoned", open: "open" };

/** Show gaps; returns what they come to in a line. */
export function show(timeline, table, gaps, plane) {
  if (!gaps.length) {
    timeline.replaceChildren();
    table.replaceChildren();
    return "none: nothing was missing";
  }
  timeline.replaceChildren(drawLine(gaps, plane, timeline.clientWidth || 800), key(gaps));
  table.replaceChildren(rows(gaps, plane.tz));
  return sums(gaps);
}

function sums(gaps) {
  const asked = gaps.reduce((sum, gap) => sum + gap.attempts, 0);
  const open = gaps.filter((gap) => gap.outcome === "open").length;
  return `${many(gaps.length, "gap")}, ${open ? `${count(open)} open` : "none open"}; ${many(asked, "request")}`;
}

function key(gaps) {
  return make("ul", { class: "legend" }, ...Object.entries(OUTCOMES).map(([outcome, words]) => {
    const number = gaps.filter((gap) => gap.outcome === outcome).length;
    return make("li", { class: number ? null : "none" }, make("span", { class: `swatch o-${outcome}` }), words, make("b", {}, count(number)));
  }));
}

/** Gaps in lanes: the block is the minutes, the dashes how long it took until it was settled. */
function drawLine(gaps, plane, width) {
  const last = Math.max(plane.end, ...gaps.map((gap) => gap.settled).filter((ms) => ms <= plane.end + LATER));
  const x = (ms) => LEFT + ((Math.min(Math.max(ms, plane.starts[0]), last) - plane.starts[0]) / (last - plane.starts[0])) * (width - 2 * LEFT);
  const lanes = [];
  const marks = [];
  for (const gap of [...gaps].sort((one, two) => one.start - two.start)) {
    const [from, to] = [x(gap.start), Math.max(x(gap.end), x(gap.start) + 3)];
    const until = Math.max(to, x(gap.settled));
    let lane = lanes.findIndex((end) => end + 2 <= from);
    if (lane < 0) lane = lanes.length < LANES ? lanes.push(0) - 1 : LANES - 1;
    lanes[lane] = Math.max(lanes[lane], until);
    const y = lane * LANE + 2;
    marks.push(drawn("g", {},
      drawn("title", {}, sentence(gap, plane.tz)),
      until > to + 2 ? drawn("line", { class: "wait", x1: to, x2: until, y1: y + 4.5, y2: y + 4.5 }) : null,
      drawn("rect", { class: `o-${gap.outcome}`, x: from, y, width: to - from, height: 9, rx: 1.5 }),
      gap.attempts > 1 && until - to > 14 ? drawn("text", { x: until + 3, y: y + 8.5 }, `${gap.attempts} x`) : null,
    ));
  }
  const height = lanes.length * LANE + AXIS;
  const words = `${gaps.length} gaps from ${clock(gaps[0].start, plane.tz)} to ${clock(gaps[gaps.length - 1].end, plane.tz)}`;
  return drawn("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": words }, ...axis(plane, x, width, height, last), ...marks);
}

function axis(plane, x, width, height, last) {
  const marks = [drawn("line", { class: "axis", x1: 0, x2: width, y1: height - AXIS + 2, y2: height - AXIS + 2 })];
  const hour = 3600000;
  const step = hour * Math.max(1, Math.ceil((last - plane.starts[0]) / hour / Math.max(2, width / 74)));
  for (let ms = Math.ceil(plane.starts[0] / hour) * hour; ms <= last; ms += step) {
    marks.push(drawn("text", { x: x(ms), y: height - 4, "text-anchor": x(ms) > width - 20 ? "end" : x(ms) < 20 ? "start" : "middle" }, clock(ms, plane.tz)));
  }
  return marks;
}

function sentence(gap, tz) {
  return `${named(gap)} ${clock(gap.start, tz)} to ${clock(gap.end, tz)}: ${OUTCOMES[gap.outcome]}, ${many(gap.attempts, "request")}`;
}

function named(gap) {
  const shown = gap.symbols.slice(0, 4).join(", ");
  return gap.count > 4 ? `${shown} and ${count(gap.count - 4)} more` : shown;
}

function rows(gaps, tz) {
  const heads = ["From", "To", "Symbols", "Found", "Open for", "Requests", "Ended", "By"];
  const latest = [...gaps].reverse().slice(0, MOST_ROWS);
  return make("table", {},
    make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col", class: head === "Requests" ? "number" : null }, head)))),
    make("tbody", {}, ...latest.map((gap) => make("tr", {},
      make("td", {}, clock(gap.start, tz)),
      make("td", {}, clock(gap.end, tz)),
      make("td", { class: "wide", title: gap.symbols.join(", ") }, named(gap)),
      make("td", {}, clockSeconds(gap.found, tz)),
      make("td", {}, lasting(Math.max(0, gap.settled - gap.found) / 1000)),
      make("td", { class: "number" }, count(gap.attempts)),
      make("td", {}, make("span", { class: `swatch o-${gap.outcome}` }), ` ${OUTCOMES[gap.outcome]}`),
      make("td", { class: "wide" }, gap.error ? `${gap.source}: ${gap.error}` : gap.source),
    ))),
    gaps.length > MOST_ROWS ? make("caption", { class: "dim" }, `the latest ${count(MOST_ROWS)} of ${count(gaps.length)}`) : null,
  );
}
