// The page: what is looked at, by the address; news of a run; and who is told of a click.

import { Candles } from "./candles.js";
import * as days from "./days.js";
import { by, make, put, showOnly } from "./dom.js";
import * as gaps from "./gaps.js";
import { HeatMap, legend } from "./heatmap.js";
import { ask, command, listen } from "./net.js";
import { Plane } from "./plane.js";
import { tell } from "./story.js";
import * as vitals from "./vitals.js";

const SECTIONS = ["vitals", "days", "day", "minutes", "two", "gaps", "empty", "troubles", "clock", "commands"];
const map = new HeatMap(by("map"), (cell) => openCell(cell));
const candles = new Candles(by("candles"), by("readout"));

let entrance = { run: false, store: false };
let run = { plane: null, vitals: null };
let isHeard = false;
let view = { name: "", source: null, plane: null };
let stored = null;
let asked = 0;

// --- what is looked at

const ofRun = { path: "/run", with: {} };
const ofDay = (calendar, date) => ({ path: "/store", with: { calendar, date } });

async function route() {
  const [name, calendar, date] = location.hash.slice(1).split("/");
  const wanted = name === "day" && entrance.store ? "day" : name === "days" && entrance.store ? "days" : entrance.run ? "session" : "days";
  const mine = (asked += 1);
  view = { name: wanted, source: null, plane: null };
  for (const id of ["session", "days"]) {
    by(`to-${id}`).hidden = !entrance[id === "session" ? "run" : "store"];
    const isHere = id === wanted || (id === "days" && wanted === "day");
    if (isHere) by(`to-${id}`).setAttribute("aria-current", "page");
    else by(`to-${id}`).removeAttribute("aria-current");
  }
  showOnly(SECTIONS, []);
  if (entrance.run) showLine();
  try {
    if (wanted === "session") showSession();
    else if (wanted === "days") await showDays(() => asked === mine);
    else await showDay(decodeURIComponent(calendar), date, () => asked === mine);
  } catch (error) {
    if (asked === mine) sayEmpty(error.message);
  }
}

function sayEmpty(words) {
  showOnly(SECTIONS, ["empty"]);
  put("empty", words);
}

function showSession() {
  if (!run.plane) {
    sayEmpty("No session is open yet.");
    if (run.vitals) showVitals();
    return;
  }
  showOnly(SECTIONS, ["vitals", "minutes", "two", "gaps", "clock"]);
  showPlane(run.plane, ofRun);
  if (run.vitals) showVitals();
}

async function showDays(isWanted) {
  document.title = "Days – Barkeeper";
  showOnly(SECTIONS, ["days"]);
  stored = await ask("/store");
  if (isWanted()) await days.show(by("days"), stored, isWanted);
}

async function showDay(calendar, date, isWanted) {
  stored ||= await ask("/store");
  const source = ofDay(calendar, date);
  const [plane, certificate] = await Promise.all([ask("/store/plane", source.with), ask("/store/certificate", source.with)]);
  if (!isWanted()) return;
  const dates = stored.calendars.find((each) => each.name === calendar)?.dates || [date];
  document.title = `${calendar} ${date} – Barkeeper`;
  days.head(by("day"), certificate, calendar, date, dates);
  showOnly(SECTIONS, ["day", "minutes", "two", "gaps"]);
  showPlane(new Plane(plane), source);
}

function showPlane(plane, source) {
  const isOther = !view.plane || view.plane.date !== plane.date;
  view.plane = plane;
  view.source = source;
  map.show(plane, rows());
  put("minutes-of", legend(by("legend"), plane));
  by("symbols").replaceChildren(...plane.symbols.slice(0, 2000).map((symbol) => make("option", { value: symbol })));
  if (!plane.symbols.includes(by("symbol").value)) by("symbol").value = plane.symbols[0] || "";
  if (isOther) put("told", "");
  if (isOther) by("told").replaceChildren(make("p", { class: "dim" }, "Click a minute, or walk there with the arrow keys and press Enter."));
  showBars();
  showGaps();
}

/** The symbols that are wanted, in the order that is wanted. */
function rows() {
  const { plane } = view;
  const wanted = by("filter").value.trim().toLowerCase().split(/[\s,]+/).filter(Boolean);
  const found = plane.symbols.map((symbol, place) => [symbol.toLowerCase(), place]);
  const kept = found.filter(([symbol]) => !wanted.length || wanted.some((part) => symbol.includes(part))).map(([, place]) => place);
  if (by("order").value === "name") return kept;
  const lacking = plane.lacking();
  return kept.sort((one, two) => lacking[two] - lacking[one] || one - two);
}

// --- parts

async function showBars(ms) {
  const [symbol, interval] = [by("symbol").value.trim(), by("interval").value.trim()];
  const source = view.source;
  if (!symbol || !source) return;
  try {
    const bars = await ask(`${source.path}/bars`, { ...source.with, symbol, interval, sessions: by("sessions").value });
    if (view.source !== source || by("symbol").value.trim() !== symbol) return;
    candles.show(bars);
    if (ms === undefined) candles.look(null);
    else candles.reveal(ms);
  } catch (error) {
    put("readout", error.message);
  }
}

let isAsking = false;

async function newerBars() {
  if (view.name !== "session" || isAsking || !candles.bars || candles.bars.symbol !== by("symbol").value.trim()) return;
  isAsking = true;
  const { symbol, interval } = candles.bars;
  try {
    const newer = await ask("/run/bars", { symbol, interval, since: candles.since });
    if (candles.bars.symbol === symbol && candles.bars.interval === interval && view.name === "session") {
      candles.take(newer);
      if (candles.at === null) candles.look(null);
    }
  } catch {
    // the line says that nothing comes
  } finally {
    isAsking = false;
  }
}

async function showGaps() {
  const { source, plane } = view;
  if (!source) return;
  try {
    const told = await ask(`${source.path}/gaps`, source.with);
    if (view.source === source) put("gaps-of", gaps.show(by("timeline"), by("gap-table"), told.gaps, plane));
  } catch (error) {
    put("gaps-of", error.message);
  }
}

let opened = null;

async function openCell(cell) {
  const { source, plane } = view;
  opened = cell;
  const [symbol, at] = [plane.symbols[cell.symbol], plane.starts[cell.minute]];
  if (by("symbol").value !== symbol) {
    by("symbol").value = symbol;
    showBars(at);
  } else candles.reveal(at);
  try {
    const told = await ask(`${source.path}/cell`, { ...source.with, symbol, at });
    if (opened === cell && view.source === source) tell(by("told"), told, plane.tz);
  } catch (error) {
    put("told", error.message);
  }
}

// --- news of a run

let [worked, hasGaps] = [0, false];

const on = {
  plane(told) {
    run.plane = new Plane(told);
    if (view.name === "session") showSession();
  },
  cells(told) {
    if (!run.plane) return;
    const changed = run.plane.take(told);
    if (view.name !== "session" || view.plane !== run.plane) return;
    map.changed(changed);
    hasGaps = true;
    window.clearTimeout(worked);
    worked = window.setTimeout(afterwards, 60);
  },
  vitals(told) {
    run.vitals = told;
    showLine();
    if (view.name === "session") showVitals();
    newerBars();
  },
  line(isThere) {
    isHeard = isThere;
    showLine();
    if (view.name === "session" && run.vitals) showVitals();
  },
};

function showLine() {
  const words = !isHeard ? "no connection" : run.vitals && !run.vitals.answers ? "no answer" : "live";
  const isLive = words === "live";
  by("line").className = isLive ? "live" : "lost";
  document.body.classList.toggle("stale", !isLive && view.name === "session");
  for (const each of by("commands").querySelectorAll("button, select")) each.disabled = !isLive;
  put("line", words);
}

function afterwards() {
  put("minutes-of", legend(by("legend"), run.plane));
  if (by("order").value !== "name") map.show(view.plane, rows());
  if (hasGaps) showGaps();
  hasGaps = false;
  if (opened && map.cursor === opened) openCell(opened);
}

function showVitals() {
  by("vitals").hidden = false;
  by("clock").hidden = !run.plane;
  vitals.show(run.vitals, run.plane, isHeard);
  if (run.plane) vitals.tick(run.vitals.now, run.plane);
  const can = run.vitals.commands;
  by("commands").hidden = by("replay-keys").hidden = !can.length;
  const isPaused = run.vitals.state === "paused";
  put("pause", isPaused ? "Resume" : "Pause");
  by("step").disabled = !isPaused || !isHeard;
  by("speed").lastElementChild.disabled = run.vitals.mode === "live"; // a clock cannot run as fast as it can
}

async function commanded(name, body) {
  if (!run.vitals || !run.vitals.commands.length) return;
  try {
    await command(name, body);
  } catch (error) {
    put("line", error.message);
  }
}

const turn = () => commanded(run.vitals && run.vitals.state === "paused" ? "resume" : "pause");

// --- who listens to whom

by("filter").addEventListener("input", () => map.show(view.plane, rows()));
by("order").addEventListener("change", () => map.show(view.plane, rows()));
for (const id of ["symbol", "interval", "sessions"]) by(id).addEventListener("change", () => showBars());
by("pause").addEventListener("click", turn);
by("step").addEventListener("click", () => commanded("step"));
by("speed").addEventListener("change", (event) => event.target.value && commanded("speed", { speed: Number(event.target.value) }));
window.addEventListener("hashchange", route);
window.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const deeds = {
    1: () => entrance.run && (location.hash = "#session"), 2: () => entrance.store && (location.hash = "#days"),
    "/": () => by("filter").focus(), p: turn, s: () => commanded("step"),
  };
  if (event.key in deeds) {
    event.preventDefault();
    deeds[event.key]();
  }
});

entrance = await ask("/entrance");
by("run-keys").hidden = !entrance.run;
by("store-keys").hidden = !entrance.store;
if (entrance.run) listen(on);
else by("line").hidden = true;
await route();
