//! Who makes a request: the gate found out, handlers ask for it as an argument.

use super::error::WebError;
use crate::app::people::Who;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use std::future::{Ready, ready};

impl FromRequest for Who {
    type Error = WebError;
    type Future = Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().cloned();
        ready(known.ok_or(WebError::Forbidden("This address asks for a sign-in.")))
    }
}
