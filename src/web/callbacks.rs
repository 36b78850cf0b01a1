//! `POST /callbacks/{account}` and `…/{token}`: bytes in, a receipt, 200. Nothing is understood here, and the token is
//! a secret: nothing here may say a path.

use super::body::{self, Body};
use super::error::WebError;
use crate::app::ingest::Receipt;
use crate::app::{App, StoreError};
use crate::provider::Delivery;
use actix_web::http::header::{ALLOW, CONNECTION, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use std::time::Instant;

/// The largest body that is taken.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Adds the door to a server.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        // A slash at the end is easily typed, and a 404 would be repeated for ever by some.
        web::resource([
            "/callbacks/{account}",
            "/callbacks/{account}/",
            "/callbacks/{account}/{token}",
            "/callbacks/{account}/{token}/",
        ])
        .route(web::post().to(receive))
        .default_service(web::to(wrong_method)),
    );
}

/// What a path says. It can't be printed, since the token is a secret.
#[derive(Deserialize)]
struct Way {
    account: String,
    token: Option<String>,
}

async fn receive(
    app: web::Data<App>,
    way: web::Path<Way>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, WebError> {
    let body = match body::read(payload, MOST_BYTES).await {
        Body::Whole(body) => body,
        Body::TooLarge => {
            let sentence = format!("a callback may have at most {MOST_BYTES} bytes\n");
            return Ok(HttpResponse::PayloadTooLarge().insert_header((CONNECTION, "close")).body(sentence));
        }
        Body::Broken => return Ok(HttpResponse::BadRequest().body("the body ended before it was complete\n")),
        Body::TooSlow => {
            let mut response = HttpResponse::RequestTimeout();
            return Ok(response.insert_header((CONNECTION, "close")).body("the body came too slowly\n"));
        }
    };
    let arrived = Instant::now();
    let Way { account, token } = way.into_inner();
    let delivery = Delivery {
        headers: headers_of(&request),
        body,
        path_token: token,
        remote: super::remote::remote(&app, &request),
        received_at: app.now(),
    };
    let receipt = app.receive(&account, delivery).await;
    metrics::histogram!("signboard_ack_seconds").record(arrived.elapsed().as_secs_f64());
    match receipt {
        // Exactly 200 and nothing in it: some providers repeat until they read exactly that.
        Ok(Receipt::Kept(_)) => Ok(HttpResponse::Ok().finish()),
        Ok(Receipt::Refused) => Ok(HttpResponse::Unauthorized().finish()),
        // Who sends it again when the issuer is back comes in without anybody's doing.
        Ok(Receipt::Unsure) => Ok(HttpResponse::ServiceUnavailable().finish()),
        Ok(Receipt::NoAccount) => Ok(HttpResponse::NotFound().body("there is no such account here\n")),
        Err(cause) => {
            // The store says once that its disk fails; every callback saying so again would fill what is left of it.
            if !matches!(cause, StoreError::Disk(_)) {
                tracing::error!(account = %account, %cause, "a callback could not be kept; its sender was told to come back");
            }
            metrics::counter!("signboard_callbacks_unwritten_total").increment(1);
            let sentence = "this callback could not be written to disk; please send it again\n";
            Ok(HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, "5")).body(sentence))
        }
    }
}

async fn wrong_method() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, "POST")).body("callbacks are sent by POST\n")
}

fn headers_of(request: &HttpRequest) -> Vec<(String, String)> {
    let pair =
        |(name, value): (&actix_web::http::header::HeaderName, &actix_web::http::header::HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
    request.headers().iter().map(pair).collect()
}
