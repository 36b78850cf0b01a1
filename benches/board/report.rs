//! What was measured, as tables.

use crate::child::Kind;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

/// The figures of one measure: a value per round and program.
type Rounds = BTreeMap<&'static str, Vec<f64>>;

/// Everything that is printed at the end.
#[derive(Default)]
pub struct Report {
    sentences: Vec<String>,
    rows: Vec<(String, Rounds)>,
    memory: Vec<(String, f64)>,
}

impl Report {
    /// A sentence above the tables.
    pub fn say(&mut self, sentence: impl Into<String>) {
        self.sentences.push(sentence.into());
    }

    /// The value of a measure in one more round.
    pub fn add(&mut self, measure: &str, of: &'static str, value: f64) {
        let at = self.rows.iter().position(|(known, _)| known == measure).unwrap_or_else(|| {
            self.rows.push((measure.to_owned(), Rounds::new()));
            self.rows.len() - 1
        });
        self.rows[at].1.entry(of).or_default().push(value);
    }

    /// The value of the latest round.
    pub fn last(&self, measure: &str, of: &str) -> Option<f64> {
        let (_, rounds) = self.rows.iter().find(|(known, _)| known == measure)?;
        rounds.get(of)?.last().copied()
    }

    /// How much memory a program holds now.
    pub fn memory(&mut self, when: &str, mib: f64) {
        self.memory.push((when.to_owned(), mib));
    }

    /// Prints all of it to stdout.
    pub fn print(&self) -> anyhow::Result<()> {
        let mut text = String::from("\n# signboard, measured\n\n");
        for sentence in &self.sentences {
            writeln!(text, "- {sentence}")?;
        }
        text.push_str(
            "\nmin / **median** / max over the rounds; ratios are medians of the rounds' own ratios.\n\n",
        );
        text.push_str(
            "| measure | signboard | ceiling | Express | raw SQLite | to ceiling | to Express | to raw |\n",
        );
        text.push_str("|---|---|---|---|---|---|---|---|\n");
        for (measure, rounds) in &self.rows {
            write!(text, "| {measure} |")?;
            for of in ["signboard", "ceiling", "Express", "raw SQLite"] {
                write!(text, " {} |", rounds.get(of).map_or_else(|| "-".to_owned(), |it| spread(it)))?;
            }
            for of in ["ceiling", "Express", "raw SQLite"] {
                let ratio = self.ratio(measure, of);
                write!(text, " {} |", ratio.map_or_else(|| "-".to_owned(), |it| format!("{it:.2}x")))?;
            }
            text.push('\n');
        }
        text.push_str("\n| resident memory | MiB |\n|---|---|\n");
        for (when, mib) in &self.memory {
            writeln!(text, "| {when} | {mib:.0} |")?;
        }
        text.push('\n');
        self.goals(&mut text)?;
        Ok(std::io::stdout().write_all(text.as_bytes())?)
    }

    /// The board's figure over another's, round by round, and of these the median.
    fn ratio(&self, measure: &str, of: &str) -> Option<f64> {
        let (_, rounds) = self.rows.iter().find(|(known, _)| known == measure)?;
        let (ours, theirs) = (rounds.get(Kind::Board.name())?, rounds.get(of)?);
        Some(median(&ours.iter().zip(theirs).map(|(a, b)| a / b).collect::<Vec<_>>()))
            .filter(|it| it.is_finite())
    }

    fn goals(&self, text: &mut String) -> std::fmt::Result {
        // Measure, against what, floor, stretch, and whether more is better.
        let goals = [
            ("acked/s, 64 connections", "Express", 6.0, 10.0, true),
            ("acked/s, 64 connections", "ceiling", 0.6, 0.8, true),
            ("CPU us/callback, 64 connections", "ceiling", 1.6, 1.25, false),
            ("acked/s, 256 connections", "Express", 8.0, 15.0, true),
            ("acked/s, 64 connections", "raw SQLite", 0.4, 0.6, true),
            ("acked/s, 64 connections, flush +2 ms", "Express", 15.0, 25.0, true),
            ("acked/s, 256 connections, flush +2 ms", "Express", 30.0, 50.0, true),
            ("ack p50 ms, 1 connection", "Express", 0.7, 0.5, false),
            ("ack p50 ms, 1 connection", "raw SQLite", 2.2, 1.8, false),
            ("POST to frame, 1000 readers, last p50 ms", "ceiling", 1.25, 1.0, false),
        ];
        text.push_str("| goal | floor | stretch | measured | |\n|---|---|---|---|---|\n");
        for (measure, of, floor, stretch, more) in goals {
            let sign = if more { "≥" } else { "≤" };
            let Some(ratio) = self.ratio(measure, of) else {
                writeln!(text, "| {measure} to {of} | {sign} {floor}x | {sign} {stretch}x | - | left out |")?;
                continue;
            };
            let meets = |goal: f64| if more { ratio >= goal } else { ratio <= goal };
            let verdict = match (meets(stretch), meets(floor)) {
                (true, _) => "stretch met",
                (false, true) => "floor met",
                (false, false) => "**missed**",
            };
            writeln!(
                text,
                "| {measure} to {of} | {sign} {floor}x | {sign} {stretch}x | {ratio:.2}x | {verdict} |"
            )?;
        }
        Ok(())
    }
}

fn spread(values: &[f64]) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.as_slice() {
        [] => "-".to_owned(),
        [only] => format!("**{}**", number(*only)),
        [least, .., most] => {
            format!("{} / **{}** / {}", number(*least), number(median(values)), number(*most))
        }
    }
}

fn number(value: f64) -> String {
    match value {
        it if it >= 100.0 => format!("{it:.0}"),
        it if it >= 10.0 => format!("{it:.1}"),
        it => format!("{it:.2}"),
    }
}

/// The middle of some values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[half],
        _ => f64::midpoint(sorted[half - 1], sorted[half]),
    }
}

/// The value below which so many lie.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let at = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
