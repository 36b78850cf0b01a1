//! `/audit`: who did what, and the same as files.

use super::error::WebError;
use super::pages::page_of;
use super::remote::note;
use super::site::Site;
use super::views::audit::{AuditInput, AuditPage, AuditQuery, csv_line, csv_title};
use super::views::html;
use super::views::time::rfc3339;
use crate::app::StoreError;
use crate::app::people::deeds::line;
use crate::app::people::{DeedFilter, DeedKind, Done, Who};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use std::collections::HashMap;

const PAGE: u32 = 100;
/// So many lines of a file are read at once.
const CHUNK: u32 = 500;

type Pairs = web::Query<HashMap<String, String>>;

fn asked(pairs: &Pairs) -> AuditQuery {
    AuditQuery::parse(|name| pairs.get(name).cloned())
}

/// `GET /audit`.
pub async fn page(site: web::Data<Site>, who: Who, pairs: Pairs) -> Result<HttpResponse, WebError> {
    let query = asked(&pairs);
    let moment = site.moment(&who).await?;
    let around = site.around(&moment);
    let mut deeds = site.app.store.deeds(&query.filter(&around), PAGE + 1).await?;
    let more = deeds.len() > PAGE as usize;
    deeds.truncate(PAGE as usize);
    let (to, untold) = (site.app.tells_deeds(), site.app.untold());
    Ok(page_of(html(&AuditPage::new(&AuditInput { around, query: &query, deeds: &deeds, more, to, untold }))))
}

/// `GET /audit/deeds.csv`.
pub async fn csv(site: web::Data<Site>, request: HttpRequest, who: Who, pairs: Pairs) -> HttpResponse {
    let kind = Kind {
        end: "csv",
        mime: "text/csv; charset=utf-8; header=present",
        title: csv_title,
        line: csv_line,
    };
    file(site, &request, &who, &asked(&pairs), kind).await
}

/// `GET /audit/deeds.jsonl`.
pub async fn lines(site: web::Data<Site>, request: HttpRequest, who: Who, pairs: Pairs) -> HttpResponse {
    let line = |it: &Done| format!("{}\n", line(it));
    let kind = Kind { end: "jsonl", mime: "application/jsonl; charset=utf-8", title: String::new, line };
    file(site, &request, &who, &asked(&pairs), kind).await
}

/// What kind of file.
#[derive(Clone, Copy)]
struct Kind {
    end: &'static str,
    mime: &'static str,
    title: fn() -> String,
    line: fn(&Done) -> String,
}

/// All of it, a piece at a time, the newest first.
async fn file(
    site: web::Data<Site>,
    request: &HttpRequest,
    who: &Who,
    query: &AuditQuery,
    kind: Kind,
) -> HttpResponse {
    note(&site.app, request, who, DeedKind::Export, format!("the audit, as {}", kind.end)).await;
    let filter = query.filter(&site.around(&site.instant_for(who)));
    let site = site.into_inner();
    let day = rfc3339(site.app.now()).chars().take(10).collect::<String>();
    let pieces =
        stream::unfold(Some((filter, (kind.title)())), move |place: Option<(DeedFilter, String)>| {
            let site = site.clone();
            async move {
                let (filter, title) = place?;
                let deeds: Result<_, StoreError> = site.app.store.deeds(&filter, CHUNK).await;
                // A file that ends early must not look whole.
                let deeds = match deeds {
                    Ok(deeds) => deeds,
                    Err(cause) => return Some((Err(cause), None)),
                };
                let text: String = std::iter::once(title).chain(deeds.iter().map(kind.line)).collect();
                let last = deeds.last().filter(|_| deeds.len() == CHUNK as usize);
                let next = last.map(|it| DeedFilter { after: Some((it.at, it.id)), ..filter });
                Some((Ok(Bytes::from(text)), next.map(|it| (it, String::new()))))
            }
        });
    let name = format!("attachment; filename=\"audit-{day}.{}\"", kind.end);
    HttpResponse::Ok()
        .content_type(kind.mime)
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(pieces)
}
