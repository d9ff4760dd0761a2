// The minutes of a session by symbol, and what is known of each.

import { bytes } from "./net.js";
import { VERDICTS } from "./words.js";

export class Plane {
  constructor(told) {
    Object.assign(this, told);
    this.verdicts = bytes(told.verdicts);
    this.width = this.symbols.length;
    this.end = this.starts.length ? this.starts[this.starts.length - 1] + this.interval * 1000 : 0;
  }

  get minutes() {
    return this.starts.length;
  }

  at(minute, symbol) {
    return this.verdicts[minute * this.width + symbol];
  }

  /** Take what has changed; return the minutes that are other than before. */
  take(told) {
    const changed = new Set();
    for (const [minute, packed] of told.columns) {
      this.verdicts.set(bytes(packed), minute * this.width);
      changed.add(minute);
    }
    for (const [minute, symbol, verdict] of told.cells) {
      this.verdicts[minute * this.width + symbol] = verdict;
      changed.add(minute);
    }
    for (let minute = Math.min(this.closed, told.closed); minute <= Math.max(this.closed, told.closed); minute += 1) changed.add(minute);
    this.closed = told.closed;
    this.now = told.now;
    return changed;
  }

  /** How many minutes have which verdict. */
  counts() {
    const counts = new Array(VERDICTS.length).fill(0);
    for (const verdict of this.verdicts) counts[verdict] += 1;
    return counts;
  }

  /** How many closed minutes each symbol lacks. */
  lacking() {
    const lacks = new Array(this.width).fill(0);
    for (let minute = 0; minute < this.closed; minute += 1) {
      for (let symbol = 0; symbol < this.width; symbol += 1) lacks[symbol] += this.at(minute, symbol) < 2 ? 1 : 0;
    }
    return lacks;
  }

  minuteOf(ms) {
    let [low, high] = [0, this.minutes];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
