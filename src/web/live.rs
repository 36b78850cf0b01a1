//! `GET /live?<the board's query>`: what changes, as server-sent events.
//!
//! The stream ends with what opened it: a session, a person's rights, a token.
//!
//! The event names are `put` (the row's HTML), `drop` (the row's id: it is no longer shown), `resync` (too much was
//! missed: load the page again) and `gone` (whoever reads may do so no more: the last one); the id is the change's
//! number. A change is rendered once and its bytes are shared.

use super::error::WebError;
use super::pages::query_of;
use super::site::{Site, own_zone};
use super::views::{RowView, Zone, link};
use crate::app::Change;
use crate::app::people::Who;
use crate::model::filter::search_text;
use crate::model::{Filter, Package, Seq};
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use actix_web_lab::sse;
use futures_util::{Stream, StreamExt as _, stream};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

/// So many changes are kept for readers who come back.
const RING: usize = 1024;
/// A reader this far behind is told to start over.
const LAG: usize = 1024;
/// At most so many changes are told again from the database.
const MOST_REPLAYED: u32 = 1000;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const RETRY: Duration = Duration::from_secs(1);

/// A change and its frames, each made when the first reader needs it.
#[derive(Debug)]
struct Frame {
    change: Arc<Change>,
    /// The folded text of the package now, and before.
    text: OnceLock<String>,
    before: OnceLock<String>,
    put: OnceLock<sse::Event>,
    /// The same for a wall screen, without links.
    plain: OnceLock<sse::Event>,
    /// The same for those who read times in a zone of their own, by its name; there are few.
    zoned: Mutex<Vec<(String, sse::Event)>>,
    dropped: OnceLock<sse::Event>,
}

type Frames = broadcast::Receiver<Option<Arc<Frame>>>;

/// Passes changes on to every open page.
#[derive(Debug, Clone)]
pub struct Hub {
    ring: Arc<Mutex<VecDeque<Arc<Frame>>>>,
    /// `None`: something was missed; start over.
    readers: broadcast::Sender<Option<Arc<Frame>>>,
    stop: CancellationToken,
}

impl Hub {
    /// A hub that nobody listens to yet; `stop` ends every stream.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self { ring: Arc::default(), readers: broadcast::channel(LAG).0, stop }
    }

    /// Passes on what the store says until it stops.
    pub async fn relay(self, mut changes: broadcast::Receiver<Arc<Change>>, took_away: Arc<Notify>) {
        loop {
            tokio::select! {
                // What changed before something went is passed on before it, and goes with it.
                biased;
                change = changes.recv() => match change {
                    Ok(change) => self.publish(change),
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "more changed at once than the live stream keeps");
                        // What is in the ring has a gap behind it now, and so has what the readers heard.
                        self.start_over();
                    }
                    Err(RecvError::Closed) => return,
                },
                // What was erased is in no frame that somebody gets who comes back.
                () = took_away.notified() => self.start_over(),
            }
        }
    }

    fn start_over(&self) {
        self.with_ring(|ring| {
            ring.clear();
            let _ = self.readers.send(None);
        });
    }

    /// How many pages are open.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.readers.receiver_count()
    }

    fn publish(&self, change: Arc<Change>) {
        let frame = Arc::new(Frame {
            change,
            text: OnceLock::new(),
            before: OnceLock::new(),
            put: OnceLock::new(),
            plain: OnceLock::new(),
            zoned: Mutex::default(),
            dropped: OnceLock::new(),
        });
        self.with_ring(|ring| {
            if ring.len() == RING {
                ring.pop_front();
            }
            ring.push_back(Arc::clone(&frame));
            // Under the ring's lock, so that a reader who subscribes sees each change once.
            let _ = self.readers.send(Some(frame));
        });
    }

    fn with_ring<T>(&self, work: impl FnOnce(&mut VecDeque<Arc<Frame>>) -> T) -> Option<T> {
        self.ring.lock().ok().map(|mut ring| work(&mut ring))
    }

    /// Subscribes; and, if the ring reaches back to `after`, what came since.
    fn subscribe(&self, after: Option<Seq>) -> (Frames, Option<Vec<Arc<Frame>>>) {
        let both = self.with_ring(|ring| {
            let reaches = |after: Seq| {
                let first = ring.front().map(|it| it.change.row.seq.0);
                let last = ring.back().map(|it| it.change.row.seq.0);
                first.is_some_and(|first| first <= after.0.saturating_add(1))
                    && last.is_some_and(|last| after.0 <= last)
            };
            let missed = after
                .filter(|after| reaches(*after))
                .map(|after| ring.iter().filter(|it| it.change.row.seq > after).cloned().collect::<Vec<_>>());
            (self.readers.subscribe(), missed)
        });
        both.unwrap_or_else(|| (self.readers.subscribe(), None))
    }
}

impl Frame {
    /// What a reader with this filter hears of it; `None`: nothing.
    fn told(&self, listens: &Listens, site: &Site) -> Option<sse::Event> {
        let (now, filter) = (site.app.now(), &listens.filter);
        let row = &self.change.row;
        let admits = |package: &Package, text: &OnceLock<String>| {
            let text = || text.get_or_init(|| search_text(row.key.package.as_str(), package));
            // Who searches for nothing needs no text.
            let text = if filter.words.is_empty() { "" } else { text() };
            filter.admits(&row.key.account, package, text, now)
        };
        if admits(&row.package, &self.text) {
            if let Some(zone) = &listens.zone {
                return Some(self.in_zone(zone, listens, site));
            }
            let shared = if listens.screen { &self.plain } else { &self.put };
            return Some(shared.get_or_init(|| put(&self.change, listens, site)).clone());
        }
        let shown = self.change.before.as_deref().is_some_and(|before| admits(before, &self.before));
        shown.then(|| self.dropped.get_or_init(|| dropped(&self.change)).clone())
    }
}

impl Frame {
    fn in_zone(&self, zone: &Zone, listens: &Listens, site: &Site) -> sse::Event {
        let made = || put(&self.change, listens, site);
        let Ok(mut all) = self.zoned.lock() else { return made() };
        if let Some((_, event)) = all.iter().find(|(name, _)| name == zone.name()) {
            return event.clone();
        }
        let event = made();
        all.push((zone.name().to_owned(), event.clone()));
        event
    }
}

/// What a reader wants to hear.
struct Listens {
    filter: Filter,
    /// It is a wall screen: its rows lead nowhere.
    screen: bool,
    /// They read times in a zone of their own.
    zone: Option<Zone>,
}

/// Answers with the stream.
pub async fn live(
    site: web::Data<Site>,
    hub: web::Data<Hub>,
    request: HttpRequest,
    who: Who,
) -> Result<HttpResponse, WebError> {
    let site = site.into_inner();
    let until_end = site.app.until_end_of(&who).await?.ok_or(WebError::SignIn)?;
    let filter = query_of(&who, &request).filter(site.app.now(), &site.zone_of(&who), &site.accounts, &who);
    let listens = Listens { filter, screen: who.screen().is_some(), zone: own_zone(&who) };
    let (after, head) = (after_of(&request), request.method() == Method::HEAD);
    let (changes, missed) = hub.subscribe(after);
    let mut floor = after.unwrap_or(Seq(i64::MIN));
    let replay: Vec<sse::Event> = match (after, missed) {
        (None, _) => Vec::new(),
        (Some(_), Some(frames)) => {
            floor = frames.last().map_or(floor, |it| it.change.row.seq);
            frames.iter().filter_map(|frame| frame.told(&listens, &site)).collect()
        }
        (Some(after), None) => match site.app.store.changes_after(after, MOST_REPLAYED).await? {
            Some(rows) => {
                floor = rows.last().map_or(floor, |row| row.seq);
                let changes = rows.into_iter().map(|row| Change { row, before: None, alerts: Vec::new() });
                told_again(changes.collect(), &listens, &site)
            }
            None => {
                floor = Seq(i64::MIN);
                vec![resync()]
            }
        },
    };
    let stop = hub.stop.clone();
    let live = following(changes, floor, listens, site);
    let end = async move {
        // Nobody reads what follows the headers of HEAD.
        if !head {
            stop.cancelled_owned().await;
        }
    };
    let shown = stream::iter(replay).chain(live).take_until(Box::pin(async move {
        until_end.cancelled().await;
    }));
    let all = shown.chain(stream::iter([gone()])).take_until(Box::pin(end));
    let answer = sse::Sse::from_infallible_stream(all).with_retry_duration(RETRY).with_keep_alive(KEEP_ALIVE);
    let mut answer = answer.respond_to(&request).map_into_boxed_body();
    answer.headers_mut().insert(
        actix_web::http::header::HeaderName::from_static("x-accel-buffering"),
        actix_web::http::header::HeaderValue::from_static("no"),
    );
    Ok(answer)
}

fn following(
    changes: Frames,
    floor: Seq,
    listens: Listens,
    site: Arc<Site>,
) -> impl Stream<Item = sse::Event> {
    let state = (changes, floor, listens, site);
    stream::unfold(state, |(mut changes, mut floor, listens, site)| async move {
        loop {
            match changes.recv().await {
                Ok(Some(frame)) if frame.change.row.seq <= floor => {}
                Ok(Some(frame)) => {
                    floor = frame.change.row.seq;
                    if let Some(event) = frame.told(&listens, &site) {
                        return Some((event, (changes, floor, listens, site)));
                    }
                }
                Ok(None) | Err(RecvError::Lagged(_)) => {
                    return Some((resync(), (changes, floor, listens, site)));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    })
}

/// Changes that are told from the database. Whose a package was before isn't known any more: where one is not for this
/// reader now, nothing is told of it, and the page is loaded again.
fn told_again(changes: Vec<Change>, listens: &Listens, site: &Site) -> Vec<sse::Event> {
    let within = &listens.filter.within;
    let of_accounts = changes.iter().filter(|it| within.has(&it.row.key.account));
    let (theirs, others): (Vec<&Change>, Vec<&Change>) =
        of_accounts.partition(|it| within.admits(&it.row.key.account, &it.row.package));
    if others.is_empty() {
        theirs.into_iter().map(|change| replayed(change, listens, site)).collect()
    } else {
        vec![resync()]
    }
}

/// A change that is told from the database: what was before isn't known any more, so whatever isn't shown is dropped.
fn replayed(change: &Change, listens: &Listens, site: &Site) -> sse::Event {
    let row = &change.row;
    let text = search_text(row.key.package.as_str(), &row.package);
    if listens.filter.admits(&row.key.account, &row.package, &text, site.app.now()) {
        put(change, listens, site)
    } else {
        dropped(change)
    }
}

fn put(change: &Change, listens: &Listens, site: &Site) -> sse::Event {
    let row = RowView::new(&change.row, &site.around(&site.instant_in(listens.zone.as_ref())));
    let row = if listens.screen { row.without_links() } else { row };
    event(change.row.seq, "put", row.html())
}

fn dropped(change: &Change) -> sse::Event {
    event(change.row.seq, "drop", link::row_id(&change.row.key))
}

/// Whoever reads may do so no more, or may see something else now: the page is to be asked for anew.
fn gone() -> sse::Event {
    sse::Data::new("what opened this stream has ended").event("gone").into()
}

/// The one place where a frame is made. A carriage return would end a line in a browser and begin a field of the
/// sender's choice; there is none in what is sent.
fn event(seq: Seq, name: &'static str, data: String) -> sse::Event {
    let data = if data.contains('\r') { data.replace('\r', " ") } else { data };
    sse::Data::new(data).id(seq.0.to_string()).event(name).into()
}

/// Not empty: a browser passes no event on that has no data.
fn resync() -> sse::Event {
    sse::Data::new("too much changed to tell one by one").event("resync").into()
}

/// Where the reader was: a browser says it by itself when it comes back, a page by its address. What is no number is a
/// place that nobody knows.
fn after_of(request: &HttpRequest) -> Option<Seq> {
    let header = request.headers().get("last-event-id").map(|it| it.to_str().unwrap_or("?"));
    let query = || request.query_string().split('&').find_map(|pair| pair.strip_prefix("after="));
    let place = header.or_else(query).map(str::trim).filter(|text| !text.is_empty());
    place.map(|text| Seq(text.parse().unwrap_or(i64::MAX)))
}
