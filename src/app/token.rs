//! What a callback's path says: which account, and the token that some accounts ask for there.
//!
//! It stands before every adapter, so that none can forget it. The token is never repeated, neither in a refusal nor in
//! a log: who reads either must not be able to send callbacks.
//!
//! StepOver's own example of a per-document address has a stray `>` before its closing tag; whoever copies it gives away
//! an address that ends in one. What stands before it decides, and the account remembers that it was seen.

use crate::config::Secret;
use crate::provider::Slot;

/// The path of a callback, read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    /// The account's id, as the path has it.
    pub account: &'a str,
    /// Whether it ends in the vendor's stray `>`.
    pub misprint: bool,
    token: Option<&'a str>,
}

impl<'a> Way<'a> {
    /// Reads what stands behind `/callbacks/`, decoded.
    pub fn new(account: &'a str, token: Option<&'a str>) -> Self {
        let whole = |segment: &'a str| segment.strip_suffix('>').unwrap_or(segment);
        let misprint = account.ends_with('>') || token.is_some_and(|it| it.ends_with('>'));
        Self { account: whole(account), misprint, token: token.map(whole).filter(|it| !it.is_empty()) }
    }

    /// Which of the tokens that the account takes it carries; what is wrong from a fixed stock of words. Both are compared,
    /// whatever the first comparison says.
    pub fn check(&self, expected: Option<&Secret>, next: Option<&Secret>) -> Result<Slot, &'static str> {
        let is = |secret: Option<&Secret>| {
            secret.zip(self.token).is_some_and(|(secret, given)| secret.matches(given.as_bytes()))
        };
        let (is_current, is_next) = (is(expected), is(next));
        match (expected, self.token) {
            (None, None) => Ok(Slot::Open),
            (Some(_), Some(_)) if is_current => Ok(Slot::Current),
            (Some(_), Some(_)) if is_next => Ok(Slot::Next),
            (Some(_), Some(_)) => Err("the path token is wrong"),
            (Some(_), None) => Err("the path token is missing"),
            // Most likely an address of an earlier configuration, so somebody has to look.
            (None, Some(_)) => Err("no path token is configured for this account"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "tok-0123456789.abc_~";

    fn told(token: Option<&str>) -> (&'static str, bool) {
        let way = Way::new("webso", token);
        (way.check(Some(&Secret::new(TOKEN)), None).err().unwrap_or("taken"), way.misprint)
    }

    #[test]
    fn the_token_has_to_be_there_and_right() {
        assert_eq!(told(Some(TOKEN)), ("taken", false));
        assert_eq!(told(None), ("the path token is missing", false));
        for wrong in ["tok-0123456789.abc_", "TOK-0123456789.abc_~", "tok-0123456789.abc_~x", " "] {
            assert_eq!(told(Some(wrong)), ("the path token is wrong", false), "{wrong:?}");
        }
        assert_eq!(told(Some("")), ("the path token is missing", false));
    }

    #[test]
    fn one_stray_mark_at_the_end_is_the_vendors() {
        assert_eq!(told(Some(&format!("{TOKEN}>"))), ("taken", true));
        assert_eq!(told(Some(&format!("{TOKEN}>>"))), ("the path token is wrong", true));
        assert_eq!(told(Some(&format!(">{TOKEN}"))), ("the path token is wrong", false));
        assert_eq!(told(Some(">")), ("the path token is missing", true));
        let way = Way::new("webso>", None);
        assert_eq!((way.account, way.misprint, way.check(None, None)), ("webso", true, Ok(Slot::Open)));
        assert_eq!(Way::new("webso>>", None).account, "webso>");
        assert!(Way::new("webso>", None).check(Some(&Secret::new(TOKEN)), None).is_err());
    }

    #[test]
    fn an_account_without_a_token_takes_none() {
        let check = |token| Way::new("webso", token).check(None, None);
        assert_eq!(check(None), Ok(Slot::Open));
        assert_eq!(check(Some("anything")), Err("no path token is configured for this account"));
    }
}
