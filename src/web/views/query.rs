//! What the address of a board says: filters, search, order and page; read from a query string and written back to one.
//!
//! Unknown words are ignored, so that an old link still opens a board.

use super::AccountLabel;
use super::link::encode;
use super::time::Zone;
use super::words::one_line;
use crate::app::people::Who;
use crate::model::text::search_words;
use crate::model::{AccountId, Filter, Sort, Tally, Timestamp};
use percent_encoding::percent_decode_str;

/// The longest search, in characters, and the most words in it: each is looked for in every package.
const LONGEST_SEARCH: usize = 200;
const MOST_WORDS: usize = 12;
/// The longest of the other values: a cursor holds a name and an id.
const LONGEST_VALUE: usize = 4_096;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A board's query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BoardQuery {
    /// Which tally's packages are shown.
    pub tally: Tally,
    /// What is searched for, as typed; empty: nothing.
    pub q: String,
    /// Only this account, by id.
    pub account: Option<String>,
    /// Only this provider's accounts, by its word in the configuration.
    pub provider: Option<String>,
    /// Only this sender's packages, by mail address or id.
    pub sender: Option<String>,
    /// Only this group's packages.
    pub group: Option<String>,
    /// Only what whoever asks sent.
    pub mine: bool,
    /// How lately it changed.
    pub updated: Updated,
    /// In which order.
    pub sort: Sort,
    /// The order turned round from what is natural to it.
    pub reversed: bool,
    /// Which page.
    pub cursor: Cursor,
}

/// How lately a package changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Updated {
    /// Any time.
    #[default]
    Any,
    /// Since midnight in the board's zone.
    Today,
    /// In the last seven times 24 hours.
    Week,
    /// In the last thirty times 24 hours.
    Month,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cursor {
    /// At the beginning.
    #[default]
    First,
    /// After this place.
    After(String),
    /// So that it ends before this place.
    Before(String),
}

impl BoardQuery {
    /// Reads what follows the `?` of an address.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let mut it = Self::default();
        let mut dir = None;
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name), decode(value));
            if value.is_empty() || value.contains('\0') || value.chars().count() > LONGEST_VALUE {
                continue;
            }
            match name.as_str() {
                "status" => it.tally = Tally::from_word(&value).unwrap_or_default(),
                "q" => it.q = search(&value),
                "account" => it.account = Some(value),
                "provider" => it.provider = Some(value),
                "sender" => it.sender = Some(value.to_lowercase()),
                "group" => it.group = Some(value),
                "mine" => it.mine = value == "1",
                "updated" => it.updated = Updated::from_word(&value).unwrap_or_default(),
                "sort" => it.sort = Sort::from_word(&value).unwrap_or_default(),
                "dir" => dir = Some(value),
                "after" => it.cursor = Cursor::After(value),
                "before" => it.cursor = Cursor::Before(value),
                _ => {}
            }
        }
        let natural = if it.sort.newest_first() { "desc" } else { "asc" };
        it.reversed = dir.is_some_and(|dir| matches!(dir.as_str(), "asc" | "desc") && dir != natural);
        it
    }

    /// Writes the query; nothing for what is as usual.
    #[must_use]
    pub fn to_query(&self) -> String {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        if self.tally != Tally::All {
            pairs.push(("status", self.tally.word()));
        }
        if !self.q.is_empty() {
            pairs.push(("q", &self.q));
        }
        pairs.extend(self.account.as_deref().map(|value| ("account", value)));
        pairs.extend(self.provider.as_deref().map(|value| ("provider", value)));
        pairs.extend(self.sender.as_deref().map(|value| ("sender", value)));
        pairs.extend(self.group.as_deref().map(|value| ("group", value)));
        if self.mine {
            pairs.push(("mine", "1"));
        }
        if self.updated != Updated::Any {
            pairs.push(("updated", self.updated.word()));
        }
        if self.sort != Sort::Updated {
            pairs.push(("sort", self.sort.word()));
        }
        pairs.extend(self.dir_if_reversed().map(|word| ("dir", word)));
        match &self.cursor {
            Cursor::First => {}
            Cursor::After(place) => pairs.push(("after", place)),
            Cursor::Before(place) => pairs.push(("before", place)),
        }
        let parts: Vec<String> =
            pairs.into_iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        parts.join("&")
    }

    /// The board that this query describes.
    #[must_use]
    pub fn href(&self) -> String {
        self.href_at("/")
    }

    /// The stream of this board's changes: of the filter alone, since a change may concern any page of it.
    #[must_use]
    pub fn live_href(&self) -> String {
        self.at(Cursor::First).href_at("/live")
    }

    /// The tallies and the strip beside this board.
    #[must_use]
    pub fn pulse_href(&self) -> String {
        self.at(Cursor::First).href_at("/pulse")
    }

    /// All of this board as a file.
    #[must_use]
    pub fn csv_href(&self) -> String {
        self.at(Cursor::First).href_at("/packages.csv")
    }

    /// The same board at another page.
    #[must_use]
    pub fn at(&self, cursor: Cursor) -> Self {
        Self { cursor, ..self.clone() }
    }

    /// The same search and order in another tally.
    #[must_use]
    pub fn with_tally(&self, tally: Tally) -> Self {
        Self { tally, ..self.at(Cursor::First) }
    }

    /// The same packages in another order; asked for again, the order turns round.
    #[must_use]
    pub fn sorted_by(&self, sort: Sort) -> Self {
        Self { sort, reversed: self.sort == sort && !self.reversed, ..self.at(Cursor::First) }
    }

    /// Whether the list begins with the greatest.
    #[must_use]
    pub fn descending(&self) -> bool {
        self.sort.newest_first() != self.reversed
    }

    /// The word for `dir`, where the order is not the natural one.
    #[must_use]
    pub fn dir_if_reversed(&self) -> Option<&'static str> {
        self.reversed.then_some(if self.descending() { "desc" } else { "asc" })
    }

    /// Whether anything but the tally narrows the list.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        let named = [&self.account, &self.provider, &self.sender, &self.group];
        !self.q.is_empty()
            || self.mine
            || self.updated != Updated::Any
            || named.into_iter().any(Option::is_some)
    }

    /// Which packages this query admits, of those that `who` may see. A provider nobody has configured narrows nothing.
    #[must_use]
    pub fn filter(&self, now: Timestamp, zone: &Zone, accounts: &[AccountLabel], who: &Who) -> Filter {
        let of_provider =
            accounts.iter().filter(|account| self.provider.as_deref() == Some(&account.provider));
        Filter {
            tally: self.tally,
            account: self.account.clone().map(AccountId),
            accounts: of_provider.map(|account| account.id.clone()).collect(),
            words: words(&self.q),
            sender: self.sender.clone(),
            group: self.group.clone(),
            updated_since: self.updated.since(now, zone),
            within: who.sees(self.mine),
        }
    }

    fn href_at(&self, path: &str) -> String {
        let query = self.to_query();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

impl Updated {
    /// Each, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Any, Self::Today, Self::Week, Self::Month];

    /// The word in URLs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Today => "today",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// The words on the page.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Any => "Updated any time",
            Self::Today => "Updated today",
            Self::Week => "Updated within 7 days",
            Self::Month => "Updated within 30 days",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }

    fn since(self, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
        match self {
            Self::Any => None,
            Self::Today => Some(zone.start_of_day(now)),
            Self::Week => Some(now.plus(-7 * DAY_MS)),
            Self::Month => Some(now.plus(-30 * DAY_MS)),
        }
    }
}

/// The words of a search, made as those of the text that they are looked for in.
#[must_use]
pub fn words(q: &str) -> Vec<String> {
    search_words(&search(q), MOST_WORDS)
}

/// A text as it can be searched for.
fn search(text: &str) -> String {
    let line = one_line(text);
    let cut: String = line.trim().chars().take(LONGEST_SEARCH).collect();
    cut.trim_end().to_owned()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;
    use proptest::prelude::*;

    #[test]
    fn a_link_says_all_and_no_more() {
        assert_eq!(BoardQuery::default().href(), "/");
        let query =
            BoardQuery::parse("status=sent&q=M%C3%BCller+%26+Co&dir=asc&sort=due&page=9&updated=soon");
        assert_eq!(query.q, "Müller & Co");
        assert_eq!(query.href(), "/?status=sent&q=M%C3%BCller%20%26%20Co&sort=due");
        assert_eq!(
            query.sorted_by(Sort::Due).to_query(),
            "status=sent&q=M%C3%BCller%20%26%20Co&sort=due&dir=desc"
        );
        let draft = query.at(Cursor::After("x".into())).with_tally(Tally::Status(Status::Draft));
        assert_eq!(draft.live_href(), "/live?status=draft&q=M%C3%BCller%20%26%20Co&sort=due");
    }

    #[test]
    fn a_query_makes_the_filter_of_list_and_stream() {
        let accounts = ["conga", "onespan"].map(|word| AccountLabel {
            id: AccountId(format!("{word}-eu")),
            label: word.to_owned(),
            provider: word.to_owned(),
            provider_title: word.to_owned(),
            tells_no_names: false,
            tells_no_documents: false,
            told_every_minutes: None,
            app_url: None,
        });
        let now = Timestamp(100 * DAY_MS + 5);
        let query =
            BoardQuery::parse("status=attention&q=LIND+qvist&provider=conga&updated=today&sender=a@b");
        let filter = query.filter(now, &Zone::utc(), &accounts, &Who::here());
        assert_eq!(filter.tally, Tally::Attention);
        assert_eq!(filter.words, [" lind", " qvist"]);
        assert_eq!(filter.accounts, [AccountId("conga-eu".into())]);
        assert_eq!(filter.updated_since, Some(Timestamp(100 * DAY_MS)));
        let none = BoardQuery::parse("?&=&%zz&a").filter(now, &Zone::utc(), &accounts, &Who::here());
        assert_eq!(none, Filter::default());
    }

    proptest! {
        #[test]
        fn any_query_reads_back_as_written(
            raw in "(&?(status|q|account|provider|sender|group|mine|updated|sort|dir|after|before)=(sent|asc|due|today|.{0,12})){0,6}"
        ) {
            let query = BoardQuery::parse(&raw);
            prop_assert_eq!(BoardQuery::parse(&query.to_query()), query);
        }
    }
}
