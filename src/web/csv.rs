//! Lists as files for spreadsheets: a piece at a time, so that a million lines take no more room than one piece.

use super::error::WebError;
use super::pages::{order, query_of};
use super::remote::note;
use super::site::Site;
use super::views::csv::{MARK, board_line, board_title};
use super::views::time::rfc3339;
use super::views::{BoardQuery, Cursor};
use crate::app::people::{DeedKind, Who};
use crate::app::walk::Walk;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::{Stream, StreamExt as _, stream};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// So many packages are read at once.
const PIECE: u32 = 500;

/// A board's file on its way.
struct Board {
    site: Arc<Site>,
    who: Who,
    walk: Walk,
    /// Whoever may look on no more gets no more of it.
    end: Arc<CancellationToken>,
    begun: bool,
}

/// `GET /packages.csv?<the board's query>`: every package of a board, in its order, as far as whoever asks may see it.
pub async fn packages(
    site: web::Data<Site>,
    request: HttpRequest,
    who: Who,
) -> Result<HttpResponse, WebError> {
    let now = site.app.now();
    let query: BoardQuery = query_of(&who, &request).at(Cursor::First);
    let filter = query.filter(now, &site.zone_of(&who), &site.accounts, &who);
    let end = site.app.until_end_of(&who).await?.ok_or(WebError::SignIn)?;
    let walk = site.app.walk(filter, order(&query), PIECE).await?;
    let what = format!("packages as CSV: {}", query.href());
    note(&site.app, &request, &who, DeedKind::Export, what).await;
    let day = rfc3339(now).chars().take(10).collect::<String>();
    let board = Board { site: site.into_inner(), who, walk, end, begun: false };
    Ok(file(&format!("packages-{day}.csv"), stream::try_unfold(board, next)))
}

async fn next(mut board: Board) -> Result<Option<(Bytes, Board)>, WebError> {
    if board.end.is_cancelled() {
        return Err(WebError::SignIn);
    }
    let Some(rows) = board.site.app.step(&mut board.walk).await? else { return Ok(None) };
    let moment = board.site.instant_for(&board.who);
    let around = board.site.around(&moment);
    let title = if board.begun { String::new() } else { board_title() };
    board.begun = true;
    let text: String = std::iter::once(title).chain(rows.iter().map(|it| board_line(it, &around))).collect();
    Ok(Some((Bytes::from(text), board)))
}

/// An answer that is a file of such pieces. When one can't be had the file ends early, and doesn't look whole.
pub fn file(name: &str, pieces: impl Stream<Item = Result<Bytes, WebError>> + 'static) -> HttpResponse {
    let mark = stream::once(async { Ok(Bytes::from_static(MARK.as_bytes())) });
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(mark.chain(pieces))
}
