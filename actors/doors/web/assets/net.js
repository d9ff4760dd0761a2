// What is asked of the server.

async function answered(reply) {
  const told = await reply.json().catch(() => ({ error: `the server says ${reply.status}` }));
  if (!reply.ok) throw new Error(told.error);
  return told;
}

export async function ask(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given).toString();
  return answered(await fetch(query ? `${path}?${query}` : path));
}

export async function command(name, body) {
  return answered(await fetch(`/run/${name}`, { method: "POST", body: body ? JSON.stringify(body) : undefined }));
}

const SILENT_MS = 6000; // three beats

/** Listen to a run; the browser comes back by itself when the line was lost. Nothing heard: it hangs, or the net does. */
export function listen(on) {
  const news = new EventSource("/run/news");
  for (const name of ["plane", "cells", "vitals"]) {
    news.addEventListener(name, (event) => {
      hear(true);
      on[name](JSON.parse(event.data));
    });
  }
  let [waiting, isHeard] = [0, false];
  const hear = (isThere) => {
    window.clearTimeout(waiting);
    if (isThere) waiting = window.setTimeout(() => hear(false), SILENT_MS);
    if (isThere !== isHeard) on.line((isHeard = isThere));
  };
  for (const name of ["open", "beat"]) news.addEventListener(name, () => hear(true));
  news.addEventListener("error", () => hear(false));
  on.line(false);
  return news;
}

/** Bytes out of base64. */
export function bytes(text) {
  const binary = atob(text);
  const found = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place += 1) found[place] = binary.charCodeAt(place);
  return found;
}
