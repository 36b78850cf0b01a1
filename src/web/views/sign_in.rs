//! The pages for whoever is not signed in yet. They tell nothing of the board.

use super::{Around, Frame, Place};
use crate::app::people::{LinkKind, passwords, totp};
use askama::Template;
use std::fmt::Write as _;

/// The way in.
#[derive(Debug, Template)]
#[template(path = "sign_in/password.html")]
pub struct SignInPage<'a> {
    frame: Frame,
    email: &'a str,
    next: &'a str,
    wrong: Option<&'a str>,
    unencrypted: bool,
    elsewhere: Option<(&'a str, String)>,
}

impl<'a> SignInPage<'a> {
    /// With the mail address that was typed, and where to go on to.
    #[must_use]
    pub fn new(
        around: &Around<'_>,
        (email, next): (&'a str, &'a str),
        wrong: Option<&'a str>,
        unencrypted: bool,
    ) -> Self {
        let frame = Frame::outside("Sign in", around);
        Self { frame, email, next, wrong, unencrypted, elsewhere: None }
    }

    /// With the way in by an identity provider of this name.
    #[must_use]
    pub fn or_at(mut self, label: Option<&'a str>) -> Self {
        let next = super::link::encode(self.next);
        self.elsewhere = label.map(|label| (label, format!("/sign-in/oidc?next={next}")));
        self
    }
}

/// The second factor.
#[derive(Debug, Template)]
#[template(path = "sign_in/code.html")]
pub struct CodePage<'a> {
    frame: Frame,
    next: &'a str,
    wrong: Option<&'a str>,
}

impl<'a> CodePage<'a> {
    /// With where to go on to.
    #[must_use]
    pub fn new(around: &Around<'_>, next: &'a str, wrong: Option<&'a str>) -> Self {
        Self { frame: Frame::outside("Your code", around), next, wrong }
    }
}

/// A second factor to set up.
#[derive(Template)]
#[template(path = "sign_in/second.html")]
pub struct SecondPage<'a> {
    frame: Frame,
    next: &'a str,
    wrong: Option<&'a str>,
    secret: String,
    uri: String,
    picture: Option<(usize, String)>,
}

impl std::fmt::Debug for SecondPage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondPage").finish_non_exhaustive()
    }
}

impl<'a> SecondPage<'a> {
    /// With the secret, whose it is to be, and where to go on to.
    #[must_use]
    pub fn new(
        around: &Around<'_>,
        (secret, email): (&str, &str),
        next: &'a str,
        wrong: Option<&'a str>,
    ) -> Self {
        let uri = totp::uri(secret, email);
        let fours: Vec<&str> =
            (0..secret.len()).step_by(4).filter_map(|at| secret.get(at..secret.len().min(at + 4))).collect();
        let frame = Frame::outside("Your second factor", around);
        Self { frame, next, wrong, secret: fours.join(" "), picture: picture(&uri), uri }
    }
}

/// The dark squares of a QR code as one path, and its width with the margin that readers need.
fn picture(text: &str) -> Option<(usize, String)> {
    const MARGIN: usize = 4;
    let code = qrcode::QrCode::new(text).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == qrcode::Color::Dark {
            let _ = write!(path, "M{} {}h1v1h-1z", at % width + MARGIN, at / width + MARGIN);
        }
    }
    Some((width + 2 * MARGIN, path))
}

/// What stands behind a link that works once.
#[derive(Debug, Template)]
#[template(path = "sign_in/welcome.html")]
pub struct WelcomePage<'a> {
    frame: Frame,
    title: &'static str,
    sentence: &'static str,
    asks_email: bool,
    email: &'a str,
    wrong: Option<&'a str>,
    least: usize,
    advised: usize,
}

impl<'a> WelcomePage<'a> {
    /// For whom it is, or that it asks who they are.
    #[must_use]
    pub fn new(
        around: &Around<'_>,
        kind: LinkKind,
        (asks_email, email): (bool, &'a str),
        wrong: Option<&'a str>,
    ) -> Self {
        let (title, sentence) = match kind {
            LinkKind::First => (
                "The first admin",
                "Nobody can sign in to this board yet. Say who you are and choose a password; a second factor comes next.",
            ),
            LinkKind::Invite => ("Welcome", "You were invited to this board. Choose a password."),
            LinkKind::Reset => {
                ("A new password", "Choose another password. Wherever you are signed in, that ends.")
            }
        };
        Self {
            frame: Frame::outside(title, around),
            title,
            sentence,
            asks_email,
            email,
            wrong,
            least: passwords::LEAST,
            advised: passwords::ADVISED,
        }
    }
}
