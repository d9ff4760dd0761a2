// Symbols x minutes, coloured by verdict. Where there are more cells than pixels, the worst of them is seen.

import { by, colours, make, paper, whenDark } from "./dom.js";
import { FIRST_WITH_BAR, PENDING, VERDICTS, clock, count, verdictWords } from "./words.js";

const WORSE = [8, 7, 2, 4, 1, 3, 5, 6, 0];
const TALLEST = 560, SHORTEST = 120, ROW = 20, AXIS = 18;

export class HeatMap {
  constructor(canvas, onCell) {
    this.canvas = canvas;
    this.onCell = onCell;
    this.plane = null;
    this.rows = [];
    this.cursor = null;
    this.pointed = null;
    this.image = document.createElement("canvas");
    this.tip = make("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    canvas.parentElement.append(this.tip);
    canvas.addEventListener("pointermove", (event) => this.point(event));
    canvas.addEventListener("pointerleave", () => this.leave());
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(canvas.parentElement);
    whenDark(() => this.draw());
  }

  /** Show a plane, of these symbols in this order. */
  show(plane, rows) {
    const cell = this.cursor && this.plane && this.plane.date === plane.date ? this.cursor : null;
    this.plane = plane;
    this.rows = rows;
    this.leave();
    this.cursor = cell && rows.includes(cell.symbol) ? cell : null;
    this.draw();
  }

  select(minute, symbol) {
    this.cursor = { minute, symbol };
    this.draw();
  }

  changed(minutes) {
    if (!this.plane) return;
    if (this.isWhole()) for (const minute of minutes) this.paint(minute, minute + 1);
    else this.paint(0, this.plane.minutes);
    this.put();
  }

  isWhole() {
    return this.image.width === this.plane.minutes;
  }

  draw() {
    if (!this.plane || !this.canvas.clientWidth) return;
    const tall = this.rows.length * ROW < SHORTEST ? Math.max(this.rows.length * ROW, 60) : Math.min(this.rows.length * ROW, TALLEST);
    this.sheet = paper(this.canvas, tall + AXIS);
    const named = tall / Math.max(this.rows.length, 1) >= 12;
    this.left = named ? Math.min(90, 8 + Math.max(...this.rows.map((row) => this.sheet.pen.measureText(this.plane.symbols[row]).width), 0)) : 0;
    this.wide = this.sheet.width - this.left;
    this.canvas.dataset.left = this.left;
    this.tall = tall;
    this.image.width = Math.max(1, Math.min(this.plane.minutes, Math.floor(this.wide * this.sheet.scale)));
    this.image.height = Math.max(1, Math.min(this.rows.length, Math.floor(tall * this.sheet.scale)));
    this.colour = colours();
    this.paints = VERDICTS.map((name) => rgb(this.colour(name.replace("_", "-"))));
    this.paint(0, this.plane.minutes);
    this.put();
  }

  /** Colour the pixels of minutes [first, last). */
  paint(first, last) {
    const { plane, rows, image } = this;
    if (!rows.length || last <= first || first >= plane.minutes) return;
    last = Math.min(last, plane.minutes);
    const column = (minute) => Math.floor((minute * image.width) / plane.minutes);
    const [from, to] = [column(first), column(last - 1) + 1];
    const worst = new Uint8Array((to - from) * image.height).fill(PENDING);
    for (let minute = first; minute < last; minute += 1) {
      for (let row = 0; row < rows.length; row += 1) {
        const place = Math.floor((row * image.height) / rows.length) * (to - from) + column(minute) - from;
        const verdict = plane.at(minute, rows[row]);
        if (WORSE[verdict] > WORSE[worst[place]]) worst[place] = verdict;
      }
    }
    const pen = image.getContext("2d");
    const pixels = pen.createImageData(to - from, image.height);
    for (let place = 0; place < worst.length; place += 1) pixels.data.set(this.paints[worst[place]], place * 4);
    pen.putImageData(pixels, from, 0);
  }

  /** Put the picture on the page, with its axis and the cursor. */
  put() {
    const { pen, width, height } = this.sheet;
    pen.clearRect(0, 0, width, height);
    pen.imageSmoothingEnabled = false;
    if (this.rows.length) pen.drawImage(this.image, this.left, 0, this.wide, this.tall);
    this.grid(pen);
    this.axis(pen);
    if (this.cursor) this.mark(pen);
    if (this.pointed) this.tip.textContent = this.words(this.pointed);
  }

  grid(pen) {
    const [w, h] = [this.wide / this.plane.minutes, this.tall / Math.max(this.rows.length, 1)];
    pen.strokeStyle = this.colour("panel");
    pen.lineWidth = 1;
    pen.beginPath();
    if (h >= 7) for (let row = 1; row < this.rows.length; row += 1) line(pen, this.left, row * h, this.left + this.wide, row * h);
    if (w >= 7) for (let minute = 1; minute < this.plane.minutes; minute += 1) line(pen, this.left + minute * w, 0, this.left + minute * w, this.tall);
    pen.stroke();
    pen.beginPath();
    pen.strokeStyle = this.colour("dim");
    for (const part of this.plane.segments.slice(1)) {
      const x = this.x(this.plane.minuteOf(part.start));
      line(pen, x, 0, x, this.tall);
    }
    pen.stroke();
    if (!this.left) return;
    pen.fillStyle = this.colour("dim");
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    this.rows.forEach((row, place) => pen.fillText(this.plane.symbols[row], this.left - 6, (place + 0.5) * h, this.left - 8));
  }

  axis(pen) {
    const { plane } = this;
    pen.fillStyle = this.colour("dim");
    pen.strokeStyle = this.colour("edge");
    pen.lineWidth = 1;
    pen.textBaseline = "top";
    pen.textAlign = "center";
    let after = -Infinity;
    const every = [30, 60, 120, 240].find((step) => (this.wide * step * 60) / (plane.minutes * plane.interval) >= 64) || 240;
    plane.starts.forEach((start, minute) => {
      const x = this.x(minute);
      const [hours, minutes] = clock(start, plane.tz).split(":").map(Number);
      if (start % 60000 === 0 && (hours * 60 + minutes) % every === 0 && x - after > 44) {
        after = x;
        pen.beginPath();
        line(pen, x, this.tall, x, this.tall + 3);
        pen.stroke();
        pen.textAlign = x < this.left + 16 ? "left" : x > this.left + this.wide - 16 ? "right" : "center";
        pen.fillText(clock(start, plane.tz), x, this.tall + 5);
      }
    });
    if (plane.closed > 0 && plane.closed < plane.minutes) {
      pen.strokeStyle = this.colour("accent");
      pen.beginPath();
      line(pen, this.x(plane.closed), 0, this.x(plane.closed), this.tall + 4);
      pen.stroke();
    }
  }

  mark(pen) {
    const row = this.rows.indexOf(this.cursor.symbol);
    if (row < 0) return;
    const [w, h] = [this.wide / this.plane.minutes, this.tall / this.rows.length];
    const [x, y] = [this.x(this.cursor.minute) + w / 2, (row + 0.5) * h];
    const [half, tall] = [Math.max(w, 7) / 2 + 1, Math.max(h, 7) / 2 + 1];
    pen.lineWidth = 3;
    pen.strokeStyle = this.colour("panel");
    pen.strokeRect(x - half, y - tall, 2 * half, 2 * tall);
    pen.lineWidth = 1.5;
    pen.strokeStyle = this.colour("ink");
    pen.strokeRect(x - half, y - tall, 2 * half, 2 * tall);
  }

  x(minute) {
    return this.left + (minute * this.wide) / this.plane.minutes;
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const minute = Math.floor(((event.clientX - box.left - this.left) * this.plane.minutes) / this.wide);
    const row = Math.floor(((event.clientY - box.top) * this.rows.length) / this.tall);
    const isInside = minute >= 0 && minute < this.plane.minutes && row >= 0 && row < this.rows.length;
    return isInside ? { minute, symbol: this.rows[row] } : null;
  }

  words({ minute, symbol }) {
    const { plane } = this;
    return `${plane.symbols[symbol]} ${clock(plane.starts[minute], plane.tz)} ${verdictWords(plane.at(minute, symbol))}`;
  }

  point(event) {
    const cell = this.plane && this.cellAt(event);
    this.pointed = cell;
    this.tip.hidden = !cell;
    if (!cell) return;
    this.tip.textContent = this.words(cell);
    const box = this.canvas.parentElement.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left + 14, event.clientY - box.top + 14];
    this.tip.style.transform = `translate(${Math.min(x, box.width - this.tip.offsetWidth - 6)}px, ${y}px)`;
  }

  leave() {
    this.pointed = null;
    this.tip.hidden = true;
  }

  click(event) {
    const cell = this.plane && this.cellAt(event);
    if (cell) this.open(cell);
  }

  open(cell) {
    this.go(cell);
    this.onCell(cell);
  }

  go(cell) {
    this.cursor = cell;
    by("cursor").textContent = this.words(cell);
    this.put();
  }

  key(event) {
    if (!this.plane || !this.rows.length) return;
    const here = this.cursor || { minute: Math.max(0, this.plane.closed - 1), symbol: this.rows[0] };
    const row = Math.max(0, this.rows.indexOf(here.symbol));
    const moves = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
      PageUp: [0, -20], PageDown: [0, 20], Home: [-Infinity, 0], End: [Infinity, 0],
    };
    if (event.key === "Enter" || event.key === " ") this.open(here);
    else if (event.key in moves) {
      const [across, down] = this.cursor ? moves[event.key] : [0, 0];
      const minute = Math.min(Math.max(here.minute + across, 0), this.plane.minutes - 1);
      this.go({ minute, symbol: this.rows[Math.min(Math.max(row + down, 0), this.rows.length - 1)] });
    } else return;
    event.preventDefault();
  }
}

/** What the colours mean, and how many minutes have each. */
export function legend(list, plane) {
  const counts = plane.counts();
  const order = [4, 5, 3, 6, 2, 0, 1, 7];
  list.replaceChildren(...order.map((verdict) => make(
    "li", { class: counts[verdict] ? null : "none" },
    make("span", { class: `swatch v-${VERDICTS[verdict]}` }), verdictWords(verdict), make("b", {}, count(counts[verdict])),
  )));
  const bars = counts.slice(FIRST_WITH_BAR, PENDING).reduce((sum, number) => sum + number, 0);
  const lacking = counts[0] + counts[1];
  return `${plane.width} symbols, ${plane.closed} of ${plane.minutes} minutes closed: ${count(bars)} bars, ${count(lacking)} missing`;
}

function line(pen, x, y, toX, toY) {
  pen.moveTo(x, y);
  pen.lineTo(toX, toY);
}

function rgb(colour) {
  const number = parseInt(colour.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255, 255];
}
