// Makes a page live; without it the page is whole. The server draws every row, this only puts rows where they belong.
// A row on screen is replaced in place; what would add, remove or reorder rows waits behind the pill.
"use strict";

const byId = (id) => document.getElementById(id);
const rows = window.trustedTypes?.createPolicy("rows", { createHTML: (html) => html });
// A <template> parses a lone <tr>, and never runs a script.
const parse = (html) => {
  const box = document.createElement("template");
  box.innerHTML = rows ? rows.createHTML(html) : html;
  return box.content;
};
const get = async (url) => {
  const answer = await fetch(url, { cache: "no-store" });
  if (!answer.ok) throw new Error(answer.status);
  return parse(await answer.text());
};

let page = byId("main").dataset;
let last = Number(page.seq); // the newest change this page knows of

// Times: the same words as the server's (views/time.rs), in the server's zone.
const zone = byId("zone").textContent;
const day = (at) => {
  try { return Date.parse(new Date(at).toLocaleDateString("en-CA", { timeZone: zone })) / 864e5; }
  catch { return Math.floor(at / 864e5); }
};
const ago = (at, now) => {
  const minutes = Math.floor((now - at) / 6e4), days = day(now) - day(at);
  if (days >= 7 || minutes < -1) return null;
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (days < 1 || minutes < 360) return `${Math.floor(minutes / 60)} h ago`;
  return days === 1 ? "yesterday" : `${days} days ago`;
};
const age = () => {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const words = ago(Date.parse(time.dateTime), Date.now());
    if (words && words !== time.textContent) time.textContent = words;
  }
};
const lasting = (from) => {
  const s = Math.max(0, Math.round((Date.now() - from) / 1e3));
  return s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h`;
};

// The indicator. What ticks stands outside the status region: a screen reader hears changes, not seconds.
let state = "still", since = 0, heard = byId("heard").querySelector("time")?.dateTime;
const show = (next) => {
  if (next === state || (next === "reconnecting" && state === "stale")) return;
  if (next !== "stale") since = Date.now();
  state = next;
  byId("live").textContent = { live: "Live", reconnecting: "Reconnecting", stale: "Stale" }[state];
  document.querySelector(".live").dataset.state = state;
  tick();
};
const tick = () => {
  byId("since").textContent = since && state !== "live" ? `for ${lasting(since)}` : "";
  if (heard) byId("heard").textContent = `last callback ${lasting(Date.parse(heard))} ago`;
  if (state === "reconnecting" && Date.now() - since > 3e4) show("stale");
};

const waiting = new Set(); // rows behind the pill
const wait = (id) => {
  const n = waiting.add(id).size, pill = byId("pill");
  pill.textContent = `${page.row ? "This package" : n > 1 ? `${n} packages` : "1 package"} changed – show`;
  pill.hidden = false;
};
const put = (html) => {
  const row = parse(html).querySelector("tr"), old = byId(row.id);
  if (!old) return wait(row.id);
  if (Number(row.dataset.seq) <= Number(old.dataset.seq)) return;
  const focused = old.contains(document.activeElement);
  row.classList.add("changed");
  old.replaceWith(row);
  if (focused) row.querySelector("a").focus();
};
const drop = (id) => {
  byId(id)?.classList.add("moved");
  wait(id);
};
const reload = async () => {
  try {
    const fresh = await get(location.href), part = page.row ? "main" : "list";
    page = fresh.getElementById("main").dataset;
    last = Math.max(last, Number(page.seq));
    byId(part).replaceChildren(...fresh.getElementById(part).childNodes); // the search stays as it is typed
    waiting.clear();
    byId("pill").hidden = true;
    pulse();
  } catch { location.reload(); }
};

// Tallies, strip and title. An unchanged strip is left alone: replaced, it would be read out again.
const beat = (fresh) => {
  const { title, heard: at } = fresh.dataset, count = /^(\(\d+\) )?/;
  document.title = page.row ? document.title.replace(count, count.exec(title)[0]) : title;
  heard = at ?? heard;
  for (const part of ["attention", "tallies", "warning"]) {
    const old = byId(part), now = fresh.querySelector(`#${part}`);
    if (!old || (now.dataset.key ? old.dataset.key === now.dataset.key : old.innerHTML === now.innerHTML)) continue;
    const focus = old.contains(document.activeElement) && document.activeElement.id;
    old.replaceChildren(...now.childNodes);
    Object.assign(old.dataset, now.dataset);
    if (focus) byId(focus)?.focus();
  }
};
let beaten = 0, beating;
const pulse = () => { // at most once a second
  beating ??= setTimeout(async () => {
    beating = undefined;
    beaten = Date.now();
    try { beat((await get(page.pulse)).getElementById("pulse")); } catch { /* the stream's state says it */ }
  }, Math.max(0, beaten + 1e3 - Date.now()));
};

const tell = ({ type, id, data }) => {
  if (type === "state") return show(data);
  if (type === "resync") return reload();
  if (id <= last) return; // told already, by the page or by another tab
  last = id;
  if (page.row && !data.includes(page.row)) return;
  if (page.row) wait(page.row);
  else if (type === "put") put(data);
  else drop(data);
  pulse();
};

// Always opened anew after an error: the browser gives up on some answers, and would ask from where the page was drawn.
let source, tries = 0, timer, share = () => {}, recent = [], from = last;
const pass = (message) => { tell(message); share(message); };
const open = () => {
  clearTimeout(timer);
  source?.close();
  source = new EventSource(`${page.live}${page.live.includes("?") ? "&" : "?"}after=${last}`);
  source.onopen = () => { tries = 0; pass({ type: "state", data: "live" }); pulse(); };
  source.onerror = () => {
    source.close();
    pass({ type: "state", data: "reconnecting" });
    timer = setTimeout(open, Math.min(15e3, 500 * 2 ** tries++) * (0.8 + 0.4 * Math.random()));
  };
  for (const type of ["put", "drop", "resync"]) source.addEventListener(type, (event) => {
    const message = { type, id: Number(event.lastEventId), data: event.data };
    pass(message);
    if (type === "resync") [recent, from] = [[], message.id || last];
    else if (recent.push(message) > 200) from = recent.shift().id;
  });
};

// Tabs with the same board share one stream, since a browser has six connections to a host: the holder of the lock
// reads it and tells the others; when that tab closes, the next one holds the lock and goes on where it was.
const start = () => {
  if (!navigator.locks || !window.BroadcastChannel) return open();
  const name = `signboard ${page.live}`, channel = new BroadcastChannel(name);
  share = (message) => channel.postMessage(message);
  channel.onmessage = ({ data }) => {
    if (source && data.type === "hello") share({ type: "recent", recent, from, state });
    else if (source && data.type === "wake") open();
    else if (!source && data.type === "recent") { // what was missed between drawing and listening
      show(data.state);
      if (last < data.from) reload();
      else data.recent.forEach(tell);
    } else if (!source && data.type !== "hello") tell(data);
  };
  share({ type: "hello" });
  navigator.locks.request(name, () => { from = last; open(); return new Promise(() => {}); });
};

if (page.live) {
  // A laptop that slept has a dead connection that looks alive. A hidden tab ticks once a minute: that is no sleep.
  let ticked = Date.now();
  const wake = () => { if (source) open(); else share({ type: "wake" }); age(); pulse(); };
  start();
  setInterval(() => {
    const gap = Date.now() - ticked;
    ticked += gap;
    if (gap > (document.hidden ? 9e4 : 5e3)) wake();
    tick();
  }, 1e3);
  setInterval(pulse, 2e4); // what happens outside this filter moves the tallies too
  addEventListener("online", wake);
  addEventListener("pageshow", (event) => event.persisted && (reload(), wake()));
}
setInterval(age, 3e4);

const filters = byId("filters"), keys = byId("keys");
filters?.addEventListener("change", (event) => event.target.matches("select") && filters.requestSubmit());
filters?.addEventListener("formdata", ({ formData }) => { // what is as usual stays out of the address
  for (const [name, value] of [...formData]) if (!value || value === "any") formData.delete(name);
});
byId("show-keys").hidden = false;
document.addEventListener("click", ({ target }) => {
  if (target.id === "pill") reload();
  if (target.id === "show-keys") keys.showModal();
  if (target.matches(".copy")) target.select();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open || event.target.matches("input, select")) return;
  const links = [...document.querySelectorAll("#rows td.name a")], at = links.indexOf(document.activeElement);
  const act = {
    "/": () => byId("q")?.focus(),
    "?": () => keys.showModal(),
    j: () => links[Math.min(at + 1, links.length - 1)]?.focus(),
    k: () => links[Math.max(at - 1, 0)]?.focus(),
    r: () => byId("pill")?.hidden === false && reload(),
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});
