// The story of one minute of one symbol.

import { make } from "./dom.js";
import { VERDICTS, clock, clockSeconds, decimals, price, verdictWords, volume } from "./words.js";

export function tell(place, told, tz) {
  const lines = told.lines.map((line) => make("li", {}, when(line, tz), line.text));
  place.replaceChildren(
    make("h3", {}, make("span", { class: `swatch v-${VERDICTS[told.verdict]}` }), `${told.symbol} ${clock(told.start, tz)}: ${verdictWords(told.verdict)}`),
    make("p", {}, told.meaning),
    ...(lines.length ? [make("ol", {}, ...lines)] : told.bar ? [] : [make("p", { class: "dim" }, "Nothing else is known of it.")]),
    ...(told.bar ? [facts(told.bar)] : []),
  );
}

function when(line, tz) {
  if (line.at === null) return null;
  const isWide = line.after !== null && line.at - line.after > 2000;
  return make("time", {}, isWide ? `between ${clockSeconds(line.after, tz)} and ${clockSeconds(line.at, tz)}` : clockSeconds(line.at, tz));
}

function facts(bar) {
  const places = decimals([bar.open, bar.high, bar.low, bar.close]);
  const rows = [
    ["open", price(bar.open, places)], ["high", price(bar.high, places)], ["low", price(bar.low, places)],
    ["close", price(bar.close, places)], ["volume", volume(bar.volume)],
  ];
  if (bar.vwap !== null) rows.push(["vwap", price(bar.vwap, Math.max(places, 4))]);
  if (bar.trades !== null) rows.push(["trades", volume(bar.trades)]);
  if (bar.revision) rows.push(["revision", volume(bar.revision)]);
  return make("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}
