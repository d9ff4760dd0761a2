// The days of a store as a calendar, each coloured by its quality; and one day's certificate, readable.

import { make } from "./dom.js";
import { ask } from "./net.js";
import { clockSeconds, count, date, many, milliseconds, month, percent } from "./words.js";

const MONTHS = 12, SHORT = 20;
const VERDICTS = ["streamed", "late", "filled", "corrected", "in_part", "no_trade", "abandoned", "missing"];

export const address = (calendar, day) => `#day/${encodeURIComponent(calendar)}/${day}`;

/** Draw a store's calendars, the latest months first; days are coloured as what is known of them comes in. */
export async function show(place, store, isWanted) {
  if (!store.calendars.length) {
    place.replaceChildren(make("p", { class: "empty" }, `The store ${store.name} has no day yet.`));
    return;
  }
  const jobs = [];
  place.replaceChildren(...store.calendars.map((calendar) => {
    const months = [...new Set(calendar.dates.map((day) => day.slice(0, 7)))].reverse();
    const grid = make("div", { class: "months" });
    const more = make("button", { type: "button" }, "Earlier months");
    const add = () => {
      for (const each of months.splice(0, MONTHS)) {
        grid.append(drawMonth(calendar, each));
        jobs.push({ calendar: calendar.name, month: each, grid });
      }
      more.hidden = !months.length;
    };
    more.addEventListener("click", () => { add(); work(jobs, isWanted); });
    add();
    const first = date(calendar.dates[0]);
    const words = `${many(calendar.dates.length, "day")}, ${first} to ${date(calendar.dates[calendar.dates.length - 1])}`;
    return make("section", { class: "panel" },
      make("div", { class: "bar" }, make("h2", {}, calendar.name), make("p", { class: "dim" }, words), scale()), grid, make("p", {}, more));
  }));
  await work(jobs, isWanted);
}

async function work(jobs, isWanted) {
  while (jobs.length && isWanted()) {
    const job = jobs.shift();
    const told = await ask("/store/days", { calendar: job.calendar, month: job.month });
    for (const day of told.days) colour(job.grid.querySelector(`[data-date="${day.date}"]`), day);
  }
}

function scale() {
  const steps = [["q4", "100 %"], ["q3", "99.5 %"], ["q2", "97 %"], ["q1", "less"], ["plain", "not certified"]];
  return make("ul", { class: "legend push month", "aria-label": "Quality" }, ...steps.map(([name, words]) => make("li", {}, make("a", { class: `swatch ${name}` }), words)));
}

function drawMonth(calendar, name) {
  const there = new Set(calendar.dates.filter((day) => day.startsWith(name)));
  const [year, number] = name.split("-").map(Number);
  const before = (new Date(Date.UTC(year, number - 1, 1)).getUTCDay() + 6) % 7;
  const length = new Date(Date.UTC(year, number, 0)).getUTCDate();
  const cells = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"].map((words) => make("li", { "aria-hidden": "true" }, words));
  for (let blank = 0; blank < before; blank += 1) cells.push(make("li", {}));
  for (let day = 1; day <= length; day += 1) {
    const iso = `${name}-${String(day).padStart(2, "0")}`;
    cells.push(make("li", {}, there.has(iso)
      ? make("a", { href: address(calendar.name, iso), "data-date": iso, "aria-label": date(iso) }, String(day))
      : make("span", { class: "none" }, String(day))));
  }
  return make("div", { class: "month" }, make("h3", {}, month(name)), make("ol", {}, ...cells));
}

function colour(cell, day) {
  if (!cell) return;
  const { quality } = day;
  const grade = quality === null ? 0 : quality >= 100 ? 4 : quality >= 99.5 ? 3 : quality >= 97 ? 2 : quality > 0 ? 1 : 0;
  cell.className = `q${grade}${day.certified ? "" : " plain"}`;
  const words = `${date(day.date)}: quality ${percent(quality)}, ${many(day.bars, "bar")} of ${many(day.symbols, "symbol")}, ${day.certified ? "certified" : "not certified"}`;
  cell.setAttribute("aria-label", words);
  cell.title = words;
}

/** The head of one day, with what its certificate says. */
export function head(place, told, calendar, day, dates) {
  const here = dates.indexOf(day);
  const step = (to, words) => (to ? make("a", { href: address(calendar, to), rel: words }, words === "prev" ? "‹ earlier" : "later ›") : null);
  place.replaceChildren(make("div", { class: "panel" },
    make("div", { class: "bar" },
      make("h2", {}, `${date(day)}, ${calendar}`), step(dates[here - 1], "prev"), step(dates[here + 1], "next"),
      make("a", { href: "#days", class: "push" }, "all days")),
    told.digest ? certificate(told) : make("p", { class: "dim" }, "This day has no certificate: nobody has said yet what its missing minutes mean."),
  ));
}

function certificate(told) {
  const yes = (is) => (is === null ? "not known" : is ? "yes" : "no");
  const settled = `${clockSeconds(told.settled, told.tz)} ${date(new Date(told.settled).toISOString().slice(0, 10))}`;
  const facts = [
    ["Issued by", `${told.issued_by}${told.is_live ? ", of a live day" : ""}`], ["Settled", settled],
    ["Complete", percent(told.completeness)], ["Quality", percent(told.quality)],
    ["Symbols", count(told.symbols.length)], ["Gaps", Object.entries(told.outcomes).map(([how, number]) => `${count(number)} ${how.replace("_", " ")}`).join(", ") || "none"],
    ["Corrections", count(told.corrections)], ["Refused", Object.entries(told.rejected).map(([why, number]) => `${count(number)} ${why.replace(/_/g, " ")}`).join(", ") || "none"],
    ["Prefetched", yes(told.prefetched)], ["Transition", told.transition_ms === null ? "not known" : milliseconds(told.transition_ms)],
    ["Derived bars", told.intervals.join(", ") || "none"],
  ];
  const list = make("dl", { class: "facts" },
    ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]),
    make("dt", {}, "Digest"), make("dd", { class: "digest" }, told.digest),
    ...(told.replaces ? [make("dt", {}, "Replaces"), make("dd", { class: "digest" }, told.replaces)] : []));
  return make("div", { class: "paper" }, make("div", {}, make("h3", {}, "Certificate"), bar(told.verdicts), list), symbols(told));
}

function bar(verdicts) {
  const total = Object.values(verdicts).reduce((sum, number) => sum + number, 0) || 1;
  const parts = VERDICTS.filter((name) => verdicts[name]).map((name) => {
    const part = make("i", { class: `v-${name}`, title: `${count(verdicts[name])} ${name.replace("_", " ")}` });
    part.style.flexGrow = String(verdicts[name] / total);
    return part;
  });
  const words = VERDICTS.filter((name) => verdicts[name]).map((name) => `${count(verdicts[name])} ${name.replace("_", " ")}`).join(", ");
  return make("div", {}, make("div", { class: "stack", role: "img", "aria-label": words }, ...parts), make("p", { class: "dim" }, words));
}

function symbols(told) {
  const body = make("tbody", {});
  const fill = (rows) => body.replaceChildren(...rows.map((row) => make("tr", {}, make("th", { scope: "row" }, row.symbol),
    ...VERDICTS.map((name) => make("td", { class: "number" }, count(row[name]))))));
  fill(told.symbols.slice(0, SHORT));
  const all = make("button", { type: "button" }, `All ${count(told.symbols.length)} symbols`);
  all.addEventListener("click", () => { fill(told.symbols); all.hidden = true; });
  all.hidden = told.symbols.length <= SHORT;
  return make("div", {}, make("h3", {}, "Minutes by symbol, who lacks most first"), make("div", { class: "scroll" },
    make("table", {}, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Symbol"),
      ...VERDICTS.map((name) => make("th", { scope: "col", class: "number" }, name.replace("_", " "))))), body)), all);
}
