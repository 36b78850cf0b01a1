//! Words: what a search looks through, and what it looks for. One meaning for the store's index, its lists and the live
//! stream: each word that is looked for begins a word of the text.
//!
//! A text is kept as its words, each behind one space. Letters and digits make words, everything else ends them, and
//! what is typed without a space, like a mail address or an id, is looked for as neighbours.

use super::Package;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// In no text, since it is no letter.
const NOWHERE: &str = " ?";

/// What a search looks through: id, name, reference, group, sender and signers, as words.
#[must_use]
pub fn search_text(id: &str, package: &Package) -> String {
    let named = [package.name.as_deref(), package.reference.as_deref(), package.group.as_deref()];
    let people = package.sender.iter().flat_map(|it| [it.name.as_deref(), it.email.as_deref()]);
    let signers = package.present().flat_map(|it| [it.name.as_deref(), it.email.as_deref()]);
    let mut text = String::new();
    for part in std::iter::once(Some(id)).chain(named).chain(people).chain(signers).flatten() {
        add_words(part, &mut text);
    }
    text
}

/// What is looked for by a text that somebody typed, at most `most` words: each is somewhere in a [`search_text`] that
/// has it.
#[must_use]
pub fn search_words(typed: &str, most: usize) -> Vec<String> {
    let word = |typed: &str| {
        let mut word = String::new();
        add_words(typed, &mut word);
        word
    };
    let words: Vec<String> =
        typed.split_whitespace().map(word).filter(|word| !word.is_empty()).take(most).collect();
    // Whoever looks for a dash alone looks for something, and doesn't find it.
    if words.is_empty() && !typed.trim().is_empty() { vec![NOWHERE.to_owned()] } else { words }
}

/// Lower case, and letters without what stands on, under or across them: a search for `sondergard` finds `Søndergård`.
#[must_use]
pub fn fold_text(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for it in text.nfkd().filter(|it| !is_combining_mark(*it)).flat_map(char::to_lowercase) {
        match plain(it) {
            Some(plain) => folded.push_str(plain),
            None => folded.push(it),
        }
    }
    folded
}

/// Letters that Unicode doesn't take apart.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        'ŧ' => "t",
        'ŋ' => "n",
        'ς' => "σ",
        _ => return None,
    })
}

fn add_words(text: &str, into: &mut String) {
    let mut inside = false;
    for it in fold_text(text).chars() {
        if !it.is_alphanumeric() {
            inside = false;
            continue;
        }
        let alone = stands_alone(it);
        if alone || !inside {
            into.push(' ');
        }
        into.push(it);
        inside = !alone;
    }
}

/// Letters of scripts that are written without spaces: each counts as a word, so that a name is found by its middle.
fn stands_alone(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(part: &str) -> String {
        let mut text = String::new();
        add_words(part, &mut text);
        text
    }

    fn finds(typed: &str, part: &str) -> bool {
        search_words(typed, 12).iter().all(|word| text(part).contains(word.as_str()))
    }

    #[test]
    fn letters_are_found_without_their_marks() {
        for (typed, part) in [
            ("sondergard", "Søndergård"),
            ("MÜLLER", "muller"),
            ("strasse", "Große Straße"),
            ("lodz", "Łódź"),
            ("istanbul", "İSTANBUL"),
            ("Οδυσσευσ", "ὈΔΥΣΣΕΎΣ"),
            ("office", "oﬃce"),
            ("ａｂｃ", "abc"),
            ("田太", "山田太郎"),
        ] {
            assert!(finds(typed, part), "{typed} in {part}: {:?}", text(part));
        }
        assert!(!finds("田郎", "山田太郎"));
    }

    #[test]
    fn a_word_is_found_by_its_beginning() {
        for (typed, found) in [
            ("lind", true),
            ("qvist", false),
            ("anna.lind", true),
            ("a.lind", false),
            ("anna.l", true),
            ("ann.lind", false),
            ("lind anna", true),
            ("40e1", true),
            ("97b9-40e1-bb59", true),
            ("97b9-40e1-bb5", true),
            ("97b9-bb59", false),
            ("anna & lind", true),
            ("&", false),
            ("\u{301}", false),
            ("", true),
        ] {
            let part = "44aafb7c-97b9-40e1-bb59\nanna.lindqvist@example.com";
            assert_eq!(finds(typed, part), found, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(raw in ".{0,40}") {
            let folded = fold_text(&raw);
            prop_assert_eq!(fold_text(&folded), folded);
        }

        #[test]
        fn a_text_is_words_behind_single_spaces(raw in ".{0,40}") {
            let text = text(&raw);
            prop_assert!(text.split(' ').skip(1).all(|word| !word.is_empty() && word.chars().all(char::is_alphanumeric)));
            prop_assert!(text.is_empty() || text.starts_with(' '));
            prop_assert!(finds(&raw, &raw) || text.is_empty());
        }
    }
}
