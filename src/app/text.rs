//! Somebody else's text, made fit to be shown.

/// What stands for a text that nobody could see.
pub(crate) const BLANK: &str = "(blank)";

/// Somebody else's text as a page or a mail may show it: on one line, and never invisible.
#[must_use]
pub fn shown(text: &str) -> String {
    let line = one_line(text);
    let visible = line.chars().any(|it| !it.is_whitespace() && !is_invisible(it));
    if visible { line } else { BLANK.to_owned() }
}

/// Text without line breaks, control characters, or the marks that would turn the words around it: a carriage return
/// could end a line of the live stream, an override could read a file name backwards.
#[must_use]
pub fn one_line(text: &str) -> String {
    if text.bytes().all(|it| matches!(it, b' '..=b'~')) {
        return text.to_owned();
    }
    let turns = |it: char| matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = |it: char| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}');
    text.chars().filter(|it| !turns(*it)).map(|it| if breaks(it) { ' ' } else { it }).collect()
}

fn is_invisible(it: char) -> bool {
    matches!(it, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{61c}' | '\u{feff}' | '\u{3164}')
}
