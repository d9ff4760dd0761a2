// Numbers, times and verdicts as people read them.

export const VERDICTS = ["missing", "abandoned", "no_trade", "filled", "streamed", "late", "corrected", "in_part", "pending"];
export const MISSING = 0, ABANDONED = 1, NO_TRADE = 2, FIRST_WITH_BAR = 3, STREAMED = 4, PENDING = 8;

export const verdictWords = (verdict) => VERDICTS[verdict].replace("_", " ");

const formats = new Map();

function format(tz, kind, options) {
  const key = `${tz} ${kind}`;
  if (!formats.has(key)) {
    formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: tz, hourCycle: "h23", ...options }));
  }
  return formats.get(key);
}

export const clock = (ms, tz) => format(tz, "clock", { hour: "2-digit", minute: "2-digit" }).format(ms);

export const clockSeconds = (ms, tz) =>
  format(tz, "seconds", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);

export const day = (ms, tz) => format(tz, "day", { day: "numeric", month: "short" }).format(ms);

/** A date such as 2024-07-02 as "Tue 2 Jul 2024". */
export const date = (iso) =>
  format("UTC", "date", { weekday: "short", day: "numeric", month: "short", year: "numeric" })
    .format(Date.parse(`${iso}T00:00:00Z`)).replace(",", "");

export const month = (iso) =>
  format("UTC", "month", { month: "long", year: "numeric" }).format(Date.parse(`${iso}-01T00:00:00Z`));

const plain = new Intl.NumberFormat("en");

export const count = (number) => plain.format(number);

export const many = (number, one, more = `${one}s`) => `${count(number)} ${number === 1 ? one : more}`;

/** Never rounded up: 100.0 % lacks nothing. */
export const percent = (share) => (share === null || share === undefined ? "–" : `${(Math.floor(share * 10) / 10).toFixed(1)} %`);

export function price(value, decimals) {
  return value === null ? "–" : value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** As many decimals as these prices were quoted with, 2 to 8. */
export function decimals(values) {
  let most = 2;
  for (const value of values) {
    if (value !== null) {
      const text = value.toFixed(8).replace(/0+$/, "");
      most = Math.max(most, text.length - text.indexOf(".") - 1);
    }
  }
  return most;
}

export function volume(value) {
  if (value === null) return "–";
  return value.toLocaleString("en", { maximumFractionDigits: value === Math.round(value) ? 0 : 3 });
}

export function lasting(seconds) {
  if (seconds === null) return "–";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(1)} min`;
  return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${count(Math.round(seconds / 86400))} days`;
}

export const milliseconds = (ms) => (ms === null ? "–" : ms < 1000 ? `${ms.toFixed(0)} ms` : lasting(ms / 1000));
