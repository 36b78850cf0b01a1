// Makes a page live; without it the page is whole. The server draws every row: one on screen is replaced in place,
// what would add, remove or reorder rows waits behind the pill.
"use strict";

const byId = (id, root = document) => root.getElementById(id);
const rows = window.trustedTypes?.createPolicy("rows", { createHTML: (html) => html });
// A <template> parses a lone <tr> and never runs a script.
const parse = (html) => {
  const box = document.createElement("template");
  box.innerHTML = rows ? rows.createHTML(html) : html;
  return box.content;
};
const get = async (url) => {
  const answer = await fetch(url);
  if (!answer.ok) throw answer;
  return parse(await answer.text());
};

let page = byId("main").dataset;
let last = +page.seq; // the newest change known here

// Times: the server's words (views/time.rs), in the server's zone.
const zone = byId("zone").textContent;
const day = (at) => Date.parse(new Date(at).toLocaleDateString("en-CA", { timeZone: zone })) / 864e5;
const ago = (at, now = Date.now()) => {
  const minutes = Math.floor((now - at) / 6e4), days = day(now) - day(at);
  if (days >= 7 || minutes < -1) return;
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (days < 1 || minutes < 360) return `${minutes / 60 | 0} h ago`;
  return days === 1 ? "yesterday" : `${days} days ago`;
};
const age = () => {
  for (const it of document.querySelectorAll("time[data-ago]")) {
    it.textContent = ago(Date.parse(it.dateTime)) ?? it.title.split(",")[0];
  }
};
const lasting = (from) => {
  const s = Math.max(0, Math.round((Date.now() - from) / 1e3));
  return s < 60 ? `${s} s` : s < 3600 ? `${s / 60 | 0} min` : `${s / 3600 | 0} h`;
};

// What ticks stands outside the status region: a screen reader hears changes, not seconds.
let state = "", since = 0, heard = byId("heard").querySelector("time")?.dateTime;
const show = (next) => {
  if (next === state || (next === "Reconnecting" && state === "Stale")) return;
  if (next !== "Stale") since = Date.now();
  byId("live").textContent = byId("live").parentNode.dataset.state = state = next;
  tick();
};
const tick = () => {
  byId("since").textContent = since && state !== "Live" ? `for ${lasting(since)}` : "";
  if (heard) byId("heard").textContent = `last callback ${lasting(Date.parse(heard))} ago`;
  if (state === "Reconnecting" && Date.now() - since > 3e4) show("Stale");
};

const waiting = new Set(); // rows behind the pill
let reloading;
const wait = (id) => {
  // Nobody stands before a wall screen to ask for it.
  if (page.screen) { reloading ??= setTimeout(() => { reloading = undefined; reload(); }, 1e3); return; }
  const n = waiting.add(id).size, pill = byId("pill");
  pill.textContent = `${page.row ? "This package" : n > 1 ? `${n} packages` : "1 package"} changed – show`;
  pill.hidden = false;
};
const put = (html) => {
  const row = parse(html).querySelector("tr"), old = byId(row.id);
  if (!old) return wait(row.id);
  if (+row.dataset.seq <= +old.dataset.seq) return;
  const focused = old.contains(document.activeElement);
  row.classList.add("changed");
  old.replaceWith(row);
  if (focused) row.querySelector("a").focus();
};
const drop = (id) => { byId(id)?.classList.add("moved"); wait(id); };
const reload = async () => {
  try {
    const fresh = await get(location.href), part = page.row ? "main" : "list";
    page = byId("main", fresh).dataset;
    last = Math.max(last, +page.seq);
    byId(part).replaceChildren(...byId(part, fresh).childNodes); // not the search
    waiting.clear();
    if (byId("pill")) byId("pill").hidden = true;
    pulse();
  } catch { location.reload(); }
};

// What is new about alerts is said once: to a screen reader, and where that was asked for, on the desktop.
let known = byId("attention")?.dataset.key ?? page.alerts;
const ring = ({ bell, open }, { key, said }) => {
  const button = byId("bell");
  if (!button || !key) return;
  button.ariaLabel = bell;
  byId("open").textContent = open;
  const before = known, newest = (key) => +key.split(" ")[0]; // its number
  known = key;
  if (before === undefined || before === key) return;
  byId("told").textContent = said;
  if (page.alerts && page.alerts !== key) {
    const pill = byId("pill");
    pill.textContent = "The alerts changed – show";
    pill.hidden = false;
  }
  if (newest(key) > newest(before) && wanted()) new Notification("signboard", { body: said, tag: `alert-${newest(key)}` });
};
const beat = (fresh) => {
  const { title, heard: at, accounts, ill } = fresh.dataset, header = byId("accounts"), count = /^(\(\d+\+?\) )?/;
  const strip = { ...fresh.querySelector("#attention").dataset };
  document.title = page.row || page.alerts ? document.title.replace(count, count.exec(title)[0]) : title;
  heard = at ?? heard;
  if (header) { // a wall screen has none
    if (header.textContent !== accounts) header.textContent = accounts; // spoken, once
    header.className = ill ?? "";
  }
  for (const part of ["attention", "tallies", "warning", "facets"]) {
    const old = byId(part), now = fresh.querySelector(`#${part}`); // an unchanged strip is left alone
    if (!old || !now || (now.dataset.key ? old.dataset.key === now.dataset.key : old.innerHTML === now.innerHTML)) continue;
    const focus = document.activeElement.id;
    old.replaceChildren(...now.childNodes);
    Object.assign(old.dataset, now.dataset);
    byId(focus)?.focus();
  }
  ring(fresh.dataset, strip);
};
let beaten = 0, beating;
const pulse = () => { // at most once a second
  beating ??= setTimeout(async () => {
    [beating, beaten] = [undefined, Date.now()];
    try { beat(byId("pulse", await get(page.pulse))); } catch (it) {
      if (it.status === 401 || it.status === 403) location.reload(); // else the stream's state says it
    }
  }, Math.max(0, beaten + 1e3 - Date.now()));
};

const tell = ({ type, id, data }) => {
  if (type === "state") return show(data);
  if (type === "resync") return reload();
  if (type === "gone") return location.reload(); // to the sign-in, or to what may be seen now
  if (id <= last) return; // told already, by the page or by another tab
  last = id;
  if (page.alerts) return pulse();
  if (!page.row) (type === "put" ? put : drop)(data);
  else if (data.includes(page.row)) wait(page.row);
  pulse();
};

// Opened anew by hand after an error: the browser gives up on some answers.
let source, tries = 0, timer, share = () => {}, recent = [], from = last;
const pass = (message) => { tell(message); share(message); };
const open = () => {
  clearTimeout(timer);
  source?.close();
  source = new EventSource(`${page.live}${page.live.includes("?") ? "&" : "?"}after=${last}`);
  const state = (data) => pass({ type: "state", data });
  source.onopen = () => { tries = 0; state("Live"); pulse(); };
  source.onerror = () => {
    source.close();
    state("Reconnecting");
    timer = setTimeout(open, Math.min(15e3, 500 * 2 ** tries++) * (0.8 + 0.4 * Math.random()));
  };
  for (const type of ["put", "drop", "resync", "gone"]) source.addEventListener(type, (event) => {
    const message = { type, id: +event.lastEventId, data: event.data };
    pass(message);
    if (type === "resync") [recent, from] = [[], message.id || last];
    else if (recent.push(message) > 200) from = recent.shift().id;
  });
};

// Tabs with the same board share one stream, as a browser has six connections to a host: who holds the lock reads
// and tells the others; when that tab closes, the next one goes on.
const start = () => {
  if (!navigator.locks) return open();
  const name = `signboard ${page.live}`, channel = new BroadcastChannel(name);
  share = (message) => channel.postMessage(message);
  channel.onmessage = ({ data }) => {
    if (source) data.type === "hello" ? share({ type: "recent", recent, from, state }) : data.type === "wake" && open();
    else if (data.type === "recent") { // missed between drawing and listening
      show(data.state);
      if (last < data.from) reload();
      else data.recent.forEach(tell);
    } else if (data.data) tell(data);
  };
  share({ type: "hello" });
  navigator.locks.request(name, () => { from = last; open(); return new Promise(() => {}); });
};

if (page.live) {
  // After a sleep a dead connection looks alive. A hidden tab ticks once a minute: that is no sleep.
  let ticked = Date.now();
  const wake = () => { source ? open() : share({ type: "wake" }); age(); pulse(); };
  start();
  setInterval(() => {
    const gap = Date.now() - ticked;
    ticked += gap;
    if (gap > (document.hidden ? 9e4 : 5e3)) wake();
    tick();
  }, 1e3);
  setInterval(pulse, 2e4); // what the filter hides moves tallies too
  addEventListener("online", wake);
}
setInterval(age, 3e4);

// While a sweep goes on, its bar and words change in place, so that no button moves under the pointer. When one begins
// or ends, what depends on it is drawn anew; the form is left alone.
const follow = async () => {
  try {
    const fresh = await get("/sync/now");
    if (byId("now", fresh).dataset.key === byId("now").dataset.key) {
      for (const it of fresh.querySelectorAll(".run [id]")) {
        const old = byId(it.id);
        if (it.max) Object.assign(old, it.hasAttribute("value") && { max: it.max, value: it.value });
        else old.replaceChildren(...it.childNodes);
      }
    } else {
      const all = await get(location.href);
      for (const part of ["now", "missed", "runs"]) byId(part).replaceWith(byId(part, all));
      byId("said").textContent = byId("said", all).textContent;
    }
  } catch { /* the next one may go well */ }
  later();
};
const later = () => setTimeout(follow, byId("now").dataset.key ? 1500 : 2e4);
if (byId("now")) later();

// Notifications are offered on the page of alerts, after a click, and asked for in each browser.
const wanted = () => window.Notification?.permission === "granted" && localStorage.getItem("notify") === "on";
const notify = byId("notify");
const offer = () => {
  notify.hidden = !window.Notification || Notification.permission === "denied";
  notify.textContent = wanted() ? "Stop notifying in this browser" : "Notify in this browser";
};
if (notify) offer();
notify?.addEventListener("click", async () => {
  const on = !wanted() && (await Notification.requestPermission()) === "granted";
  localStorage.setItem("notify", on ? "on" : "off");
  offer();
});

const filters = byId("filters"), keys = byId("keys");
filters?.addEventListener("change", ({ target }) => target.matches("select, [type=checkbox]") && filters.requestSubmit());
filters?.addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (!value || value === "any") formData.delete(name);
});
if (keys) byId("show-keys").hidden = false;
addEventListener("click", ({ target }) => {
  if (target.id === "pill") reload();
  if (target.id === "show-keys") keys.showModal();
});
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !keys || keys.open || event.target.matches("input, select")) return;
  const links = [...document.querySelectorAll("#rows td.name a")], at = links.indexOf(document.activeElement);
  const act = { "/": byId("q"), j: links[at + 1], k: links[Math.max(at - 1, 0)] }[event.key];
  if (act || event.key === "?") event.preventDefault();
  act?.focus();
  if (event.key === "?") keys.showModal();
});
