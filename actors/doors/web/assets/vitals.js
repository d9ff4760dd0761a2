// How the session is: a card for each thing that somebody looks for first.

import { by, make, put } from "./dom.js";
import { clockSeconds, count, date, lasting, many, milliseconds, percent } from "./words.js";

const PHASES = {
  not_started: "not started", pre_market: "pre-market", active: "active", post_market: "post-market", ended: "ended",
  timeout: "the feed is silent", error: "error",
};

export function show(vitals, plane, isHeard) {
  const cards = [
    card("health", "Health", vitals.health, many(vitals.troubles.length, "trouble"), { healthy: "well", degraded: "warn", error: "bad" }[vitals.health]),
    plane && card("session", `Session of ${plane.calendar}`, date(plane.date).replace(/ \d+$/, ""), hours(plane)),
    vitals.phase
      ? card("phase", "Phase", PHASES[vitals.phase] || vitals.phase, vitals.state, ["timeout", "error"].includes(vitals.phase) ? "bad" : null)
      : card("phase", "Replay", vitals.finished ? "finished" : vitals.state, `session ${Math.min(vitals.sessions_done + 1, vitals.sessions_total)} of ${vitals.sessions_total}`),
    ...vitals.feeds.map((feed, number) => card(`feed${number}`, `Feed ${feed.name}`, feed.over ? "over" : feed.connected ? "connected" : "offline", lag(feed), feed.connected || feed.over ? null : "bad")),
    plane && card("done", "Minutes", `${count(plane.closed)} of ${count(plane.minutes)}`, null, null, [plane.closed, plane.minutes]),
    card("complete", "Complete", percent(vitals.completeness), many(bars(vitals), "bar")),
    card("quality", "Quality", percent(vitals.quality), missing(vitals), vitals.quality === null ? null : vitals.quality >= 100 ? "well" : "warn"),
    card("refused", "Refused", count(sum(vitals.rejected)), outcomes(vitals), sum(vitals.rejected) ? "warn" : null),
  ].filter(Boolean);
  by("vitals").replaceChildren(...cards);
  const troubles = by("troubles");
  const sentences = isHeard && vitals.answers ? vitals.troubles : stale(vitals, plane, isHeard);
  const words = sentences.join("\n");
  if (troubles.dataset.words !== words) { // an alert that says the same again is read out again
    troubles.dataset.words = words;
    troubles.replaceChildren(make("ul", {}, ...sentences.map((sentence) => make("li", {}, sentence))));
  }
  troubles.hidden = !sentences.length;
}

function stale(vitals, plane, isHeard) {
  const since = `this is how it was${plane ? ` at ${clockSeconds(vitals.now, plane.tz)} ${plane.zone}` : ""}`;
  return isHeard ? [...vitals.troubles, since] : [`there is no connection to the run: ${since}`, ...vitals.troubles];
}

export function tick(now, plane) {
  document.title = `${plane.calendar} ${date(plane.date)} – Barkeeper`;
  put("clock", `${clockSeconds(now, plane.tz)} ${plane.zone}`);
}

function card(id, name, value, note, tone = null, progress = null) {
  return make("dl", { class: tone ? `card ${tone}` : "card", id: `card-${id}` },
    make("dt", {}, name),
    make("dd", { title: value }, value),
    progress ? make("dd", { class: "note" }, make("progress", { value: progress[0], max: Math.max(progress[1], 1), "aria-label": name })) : make("dd", { class: "note", title: note }, note || " "),
  );
}

function hours(plane) {
  const regular = plane.segments.filter((part) => part.kind === "regular");
  const short = (ms) => clockSeconds(ms, plane.tz).slice(0, 5);
  return `${short(regular[0].start)} to ${short(regular[regular.length - 1].end)} ${plane.zone}`;
}

function outcomes({ received, accepted, duplicates, rejected }) {
  const reasons = Object.entries(rejected).map(([reason, number]) => `${count(number)} ${reason.replace(/_/g, " ")}`);
  const others = [received - accepted && `${count(accepted)} accepted`, duplicates && many(duplicates, "duplicate")].filter(Boolean);
  return [`of ${count(received)} received`, ...reasons, ...others].join(", ");
}

const bars = ({ verdicts }) => (verdicts.streamed || 0) + (verdicts.late || 0) + (verdicts.filled || 0) + (verdicts.corrected || 0) + (verdicts.in_part || 0);

function missing({ verdicts, gaps }) {
  const lacking = (verdicts.missing || 0) + (verdicts.abandoned || 0);
  if (lacking) return `${count(lacking)} missing in ${many(gaps, "gap")}`;
  return gaps ? `${many(gaps, "gap")}, none in regular hours` : "nothing is missing";
}

function lag(feed) {
  if (feed.error && !feed.connected) return feed.error;
  const heard = feed.heard_s === null ? "" : `, ${lasting(feed.heard_s)} ago`;
  return `${milliseconds(feed.lag_ms)} late${heard}`;
}

const sum = (counts) => Object.values(counts).reduce((total, number) => total + number, 0);
