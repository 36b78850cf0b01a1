//! What goes wrong while answering a request, and the one place that maps it to HTTP. A 5xx never shows its cause: the
//! log has it under the reference that the page names.

use super::site::Site;
use super::views::{ErrorPage, json::Problem};
use crate::app::StoreError;
use crate::app::people::Who;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpResponse, ResponseError, web};

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// There is nothing at this address.
    #[error("{0}")]
    NotFound(&'static str),
    /// The request makes no sense.
    #[error("{0}")]
    Bad(String),
    /// The request may not be made from there.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Nobody who is known.
    #[error("This address asks for a sign-in.")]
    SignIn,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::Store(
                StoreError::Busy | StoreError::Stopped | StoreError::Disk(_) | StoreError::Interrupted,
            ) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(
                StoreError::Sql(_) | StoreError::Unreadable(_) | StoreError::Folder(_) | StoreError::ReadOnly,
            ) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::new(status);
        let told = Told { sentence: self.sentence(), reference: self.reference() };
        response.extensions_mut().insert(told);
        response
    }
}

/// What an error tells its reader; the middleware puts it on a page or into JSON.
#[derive(Debug, Clone)]
struct Told {
    sentence: String,
    reference: Option<String>,
}

impl WebError {
    fn sentence(&self) -> String {
        match self {
            Self::NotFound(sentence) | Self::Forbidden(sentence) => (*sentence).to_owned(),
            Self::Bad(sentence) => sentence.clone(),
            Self::SignIn => "This address asks for a sign-in.".to_owned(),
            Self::Store(StoreError::Busy) => {
                "The board has more to write than it can keep up with.".to_owned()
            }
            Self::Store(StoreError::Stopped) => "The board is stopping.".to_owned(),
            Self::Store(StoreError::Disk(_)) => {
                "The board can't write to its disk: it is full, or fails.".to_owned()
            }
            Self::Store(_) => "The board could not read or write its database.".to_owned(),
        }
    }

    /// A number by which the log knows the cause of a 5xx.
    fn reference(&self) -> Option<String> {
        let Self::Store(cause) = self else { return None };
        let reference = format!("{:08x}", fastrand::u32(..));
        tracing::error!(reference, %cause, "a request failed");
        Some(reference)
    }
}

/// Gives every error its page, or its JSON under /api/.
pub async fn shaped(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<actix_web::body::BoxBody>, actix_web::Error> {
    let site = request.app_data::<web::Data<Site>>().cloned();
    let json = request.path().starts_with("/api/");
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    let told = response.response().extensions().get::<Told>().cloned();
    // What the framework refuses by itself: a path, a form or a query that it can't read.
    let refused = response.response().error().is_some();
    let told = told.or_else(|| refused.then(|| Told { sentence: plain(status).to_owned(), reference: None }));
    let (Some(site), Some(told)) = (site, told) else { return Ok(response) };
    let (request, _) = response.into_parts();
    let mut answer = HttpResponse::build(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.insert_header(("Retry-After", "5"));
    }
    let answer = if json {
        answer.json(Problem { error: &told.sentence, reference: told.reference.as_deref() })
    } else {
        let who = request.extensions().get::<Who>().cloned();
        let moment = who.map_or_else(|| site.outside(), |who| site.instant_for(&who));
        let page = ErrorPage::new(
            status.as_u16(),
            &told.sentence,
            todo(status),
            told.reference.as_deref(),
            &site.around(&moment),
        );
        answer.content_type("text/html; charset=utf-8").body(super::views::html(&page))
    };
    Ok(ServiceResponse::new(request, answer).map_into_boxed_body())
}

fn plain(status: StatusCode) -> &'static str {
    match status.as_u16() {
        404 => "There is nothing at this address.",
        _ => "The request can't be read.",
    }
}

fn todo(status: StatusCode) -> &'static str {
    match status.as_u16() {
        404 => "Check the address, or look for the package on the board.",
        400 => "Go back and try again with another value.",
        401 => "Sign in, or send a token of this board as `Authorization: Bearer`.",
        403 => "Go back to the packages, or ask an admin of this board.",
        503 => "Wait a moment, then load the page again.",
        _ => "Load the page again. If it happens again, give the reference to whoever runs this board.",
    }
}
