// Candles and volume of one symbol: the colour of a bar is its verdict, a hollow one went up, a dashed one still forms.

import { colours, paper, whenDark } from "./dom.js";
import { FIRST_WITH_BAR, VERDICTS, clock, day, decimals, price, verdictWords, volume } from "./words.js";

const AXIS = 20, PRICES = 64, SHARE = 0.22, MOST = 2000, FEWEST = 10, USUAL = 130;

export class Candles {
  constructor(canvas, readout) {
    this.canvas = canvas;
    this.readout = readout;
    this.bars = null;
    this.span = USUAL;
    this.last = 0;
    this.at = null;
    canvas.addEventListener("pointermove", (event) => this.point(event));
    canvas.addEventListener("pointerleave", () => this.look(null));
    canvas.addEventListener("pointerdown", (event) => this.grab(event));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(canvas);
    whenDark(() => this.draw());
  }

  get length() {
    return this.bars ? this.bars.start.length : 0;
  }

  show(bars) {
    this.bars = bars;
    this.decimals = decimals(bars.close);
    this.last = this.length;
    this.at = null;
    this.span = Math.min(Math.max(this.length, FEWEST), USUAL);
    this.draw();
  }

  /** Take newer bars: those that are there are replaced, the others come behind. */
  take(newer) {
    const wasAtEnd = this.last >= this.length;
    const wasWhole = wasAtEnd && this.span >= this.length;
    const columns = Object.keys(this.bars).filter((name) => Array.isArray(this.bars[name]));
    if (!newer.start.length) return;
    let keep = this.length;
    while (keep > 0 && this.bars.start[keep - 1] >= newer.start[0]) keep -= 1;
    for (const name of columns) this.bars[name].splice(keep, Infinity, ...newer[name]);
    if (wasAtEnd) this.last = this.length;
    if (wasWhole) this.span = Math.max(this.span, Math.min(this.length, USUAL));
    this.draw();
  }

  /** Where newer bars are to be asked from: the last finished one. */
  get since() {
    let place = this.length - 1;
    while (place > 0 && this.bars.forming[place]) place -= 1;
    return place < 0 ? undefined : this.bars.start[place];
  }

  /** Move so that the bar of a moment is in sight. */
  reveal(ms) {
    if (!this.length) return;
    let place = this.bars.start.findIndex((start, number) => start <= ms && ms < this.bars.end[number]);
    if (place < 0) place = this.bars.start.findIndex((start) => start > ms);
    if (place < 0) place = this.length - 1;
    if (place < this.last - this.span || place >= this.last) {
      this.last = Math.min(this.length, place + Math.ceil(this.span / 2));
    }
    this.look(place);
  }

  draw() {
    if (!this.canvas.clientWidth) return;
    const { pen, width, height } = paper(this.canvas);
    const colour = colours();
    this.width = width - PRICES;
    if (!this.length) {
      pen.fillStyle = colour("dim");
      pen.textAlign = "center";
      pen.fillText(this.bars ? "no bars" : "choose a symbol", width / 2, height / 2);
      return;
    }
    this.last = Math.min(Math.max(this.last, Math.min(this.span, this.length)), this.length);
    this.first = Math.max(0, this.last - this.span);
    this.step = this.width / Math.max(this.span, 1);
    this.scale(height);
    this.frame(pen, colour, height);
    for (let place = this.first; place < this.last; place += 1) this.candle(pen, colour, place, height);
    if (this.at !== null) this.cross(pen, colour, height);
  }

  scale(height) {
    const { bars, first, last } = this;
    const lows = bars.low.slice(first, last).filter((value) => value !== null);
    const highs = bars.high.slice(first, last).filter((value) => value !== null);
    let [low, high] = [Math.min(...lows), Math.max(...highs)];
    const room = (high - low) * 0.06 || Math.abs(high) * 0.001 || 1;
    [low, high] = [low - room, high + room];
    this.bottom = (height - AXIS) * (1 - SHARE) - 8;
    this.y = (value) => this.bottom * (1 - (value - low) / (high - low));
    this.of = (y) => low + (1 - y / this.bottom) * (high - low);
    this.most = Math.max(...bars.volume.slice(first, last), 0) || 1;
    this.range = [low, high];
  }

  x(place) {
    return (place - this.first + 0.5) * this.step;
  }

  frame(pen, colour, height) {
    const [low, high] = this.range;
    pen.lineWidth = 1;
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    for (const value of ticks(low, high, Math.max(3, this.bottom / 40))) {
      pen.strokeStyle = colour("edge");
      stroke(pen, 0, crisp(this.y(value)), this.width, crisp(this.y(value)));
      pen.fillStyle = colour("dim");
      if (this.y(value) > 6) pen.fillText(price(value, this.decimals), this.width + 7, this.y(value));
    }
    pen.textAlign = "center";
    pen.textBaseline = "top";
    let after = -60;
    const isRound = roundTimes(this.bars, this.first, this.step);
    for (let place = this.first; place < this.last; place += 1) {
      const [start, tz] = [this.bars.start[place], this.bars.tz];
      const isNewDay = place > 0 && day(start, tz) !== day(this.bars.start[place - 1], tz);
      if (isNewDay && this.step * 40 > 20) {
        pen.strokeStyle = colour("edge");
        stroke(pen, crisp(this.x(place) - this.step / 2), 0, crisp(this.x(place) - this.step / 2), height - AXIS);
      }
      const isDaily = this.bars.interval.endsWith("d") || this.bars.interval.endsWith("w");
      const isDue = this.x(place) - after > 60 && (isDaily || isRound(start));
      if ((isDue || (isNewDay && this.x(place) - after > 40)) && this.x(place) > 16) {
        after = this.x(place);
        pen.fillStyle = colour(isNewDay ? "ink" : "dim");
        pen.fillText(isNewDay || isDaily ? day(start, tz) : clock(start, tz), this.x(place), height - AXIS + 5);
      }
    }
  }

  candle(pen, colour, place, height) {
    const { bars } = this;
    const [open, high, low, close] = [bars.open[place], bars.high[place], bars.low[place], bars.close[place]];
    if (close === null) return;
    const ink = colour(tone(bars.verdict[place]));
    const [x, body] = [this.x(place), Math.max(1, Math.min(this.step * 0.68, 16))];
    const [top, foot] = [this.y(Math.max(open, close)), this.y(Math.min(open, close))];
    const tall = Math.max(1, foot - top);
    pen.strokeStyle = pen.fillStyle = ink;
    pen.lineWidth = 1;
    pen.setLineDash(bars.forming[place] ? [2, 2] : []);
    stroke(pen, crisp(x), this.y(high), crisp(x), top);
    stroke(pen, crisp(x), foot, crisp(x), this.y(low));
    if (close >= open && body >= 3) {
      pen.fillStyle = colour("panel");
      pen.fillRect(x - body / 2, top, body, tall);
      pen.strokeRect(Math.floor(x - body / 2) + 0.5, Math.floor(top) + 0.5, Math.floor(body), Math.max(1, Math.floor(tall)));
    } else pen.fillRect(x - body / 2, top, body, tall);
    pen.setLineDash([]);
    pen.fillStyle = ink;
    pen.globalAlpha = 0.55;
    const share = ((bars.volume[place] / this.most) * (height - AXIS) * SHARE) || 0;
    pen.fillRect(x - body / 2, height - AXIS - share, body, share);
    pen.globalAlpha = 1;
  }

  cross(pen, colour, height) {
    if (this.at < this.first || this.at >= this.last) return;
    pen.strokeStyle = colour("accent");
    pen.lineWidth = 1;
    pen.setLineDash([3, 3]);
    stroke(pen, crisp(this.x(this.at)), 0, crisp(this.x(this.at)), height - AXIS);
    const y = this.y(this.bars.close[this.at]);
    stroke(pen, 0, crisp(y), this.width, crisp(y));
    pen.setLineDash([]);
    pen.fillStyle = colour("accent");
    pen.fillRect(this.width, y - 9, PRICES, 18);
    pen.fillStyle = colour("accent-ink");
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.fillText(price(this.bars.close[this.at], this.decimals), this.width + 7, y);
  }

  look(place) {
    this.at = place;
    this.draw();
    this.readout.textContent = place === null ? this.summary() : this.words(place);
  }

  summary() {
    return this.length ? this.words(this.length - 1) : "";
  }

  words(place) {
    const { bars } = this;
    const money = (value) => price(value, this.decimals);
    const state = bars.forming[place] ? "forming" : `${verdictWords(bars.verdict[place])}${bars.complete[place] ? "" : ", incomplete"}`;
    return `${bars.symbol} ${day(bars.start[place], bars.tz)} ${clock(bars.start[place], bars.tz)}  ` +
      `open ${money(bars.open[place])}  high ${money(bars.high[place])}  low ${money(bars.low[place])}  ` +
      `close ${money(bars.close[place])}  volume ${volume(bars.volume[place])}  (${state})`;
  }

  placeAt(event) {
    const place = this.first + Math.floor((event.clientX - this.canvas.getBoundingClientRect().left) / this.step);
    return place >= this.first && place < this.last ? place : null;
  }

  point(event) {
    if (!this.length) return;
    if (this.held) {
      this.last = Math.round(this.held.last - (event.clientX - this.held.x) / this.step);
      this.draw();
    } else this.look(this.placeAt(event));
  }

  grab(event) {
    if (!this.length) return;
    this.held = { x: event.clientX, last: this.last };
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.addEventListener("pointerup", () => { this.held = null; }, { once: true });
  }

  wheel(event) {
    if (!this.length) return;
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, this.placeAt(event));
  }

  zoom(factor, around) {
    const before = this.span;
    this.span = Math.round(Math.min(Math.max(this.span * factor, FEWEST), Math.min(MOST, Math.max(this.length, FEWEST))));
    const share = around === null || around === undefined ? 0 : (this.last - around) / before;
    this.last = Math.round(this.last + share * (this.span - before));
    this.draw();
  }

  key(event) {
    if (!this.length) return;
    const here = this.at === null ? this.last - 1 : this.at;
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -this.span, PageDown: this.span, Home: -Infinity, End: Infinity };
    if (event.key in moves) {
      const place = Math.min(Math.max(here + moves[event.key], 0), this.length - 1);
      if (place < this.first) this.last = place + this.span;
      if (place >= this.last) this.last = place + 1;
      this.look(place);
    } else if (event.key === "+" || event.key === "=") this.zoom(1 / 1.3, here);
    else if (event.key === "-") this.zoom(1.3, here);
    else return;
    event.preventDefault();
  }
}

/** Bars that came as they should are drawn in a quiet colour, the others in that of the heat map. */
function tone(verdict) {
  if (verdict < FIRST_WITH_BAR) return "candle-quiet";
  return VERDICTS[verdict] === "streamed" ? "candle" : VERDICTS[verdict].replace("_", "-");
}

function stroke(pen, x, y, toX, toY) {
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(toX, toY);
  pen.stroke();
}

const crisp = (value) => Math.floor(value) + 0.5;

const MINUTE = 60000;
const ROUND = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800].map((seconds) => seconds * 1000);

/** Which starts of bars are named below them: round times of the exchange's clock, at least 74 pixels apart. */
function roundTimes(bars, first, step) {
  const [start, length] = [bars.start[first], Math.max(bars.end[first] - bars.start[first], 1)];
  const least = (74 / step) * length;
  const every = ROUND.find((each) => each >= least && each % length === 0) || length * Math.ceil(least / length);
  const [hours, minutes] = clock(start, bars.tz).split(":").map(Number);
  const local = (hours * 60 + minutes) * MINUTE + (start % MINUTE) - start; // of that day; another one has its own name
  const anchor = ROUND.includes(every) && length < 30 * MINUTE ? 0 : (start + local) % length;
  return (moment) => (moment + local - anchor) % every === 0;
}

function ticks(low, high, most) {
  const raw = (high - low) / most;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * size).find((each) => each >= raw);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(value);
  return found;
}
