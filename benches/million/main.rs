//! `cargo bench --bench million`: lists and searches of very many packages.
//!
//! `-- generate FOLDER [--packages N] [--facts N]` fills an empty folder, 1,000,000 and 10,000,000 unless told otherwise,
//! which takes some 5 GB. `-- measure FOLDER [--rounds N]` runs the board on it and asks for its pages, one at a time and
//! sixteen at once. `-- traffic FOLDER [--rounds N]` asks for its first page while callbacks come, and looks how many a
//! second it takes, beside an empty one; what comes stays in it. What else is to be measured in the same run stands in the file that SIGNBOARD_BENCH_PEER names: a line
//! `label=address` for each page, with the labels of ours. Progress goes to stderr, the table to stdout.

mod board;
#[path = "../board/bodies.rs"]
#[expect(dead_code, reason = "the other benchmark has use for all of it")]
mod bodies;
#[path = "../board/client.rs"]
#[expect(dead_code, reason = "the same")]
mod client;
mod generate;
mod pages;
mod traffic;

use anyhow::{Context as _, bail};
use std::path::PathBuf;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let number = |name: &str, usual: u64| -> anyhow::Result<u64> {
        let at = words.iter().position(|it| it == name);
        let word = at.and_then(|at| words.get(at + 1));
        word.map_or(Ok(usual), |it| it.parse().with_context(|| format!("{name} {it} is no number")))
    };
    let folder = words.get(1).map(PathBuf::from);
    match (words.first().map(String::as_str), folder) {
        (Some("generate"), Some(folder)) => {
            let (packages, facts) = (number("--packages", 1_000_000)?, number("--facts", 10_000_000)?);
            generate::fill(&folder.join("data"), packages, facts).await
        }
        (Some("measure"), Some(folder)) => pages::measure(&folder, number("--rounds", 3)?).await,
        (Some("traffic"), Some(folder)) => traffic::measure(&folder, number("--rounds", 3)?).await,
        // As cargo runs every bench there is.
        (None, _) => {
            eprintln!("say `-- generate FOLDER`, then `-- measure FOLDER` or `-- traffic FOLDER`");
            Ok(())
        }
        _ => bail!("say `-- generate FOLDER`, then `-- measure FOLDER` or `-- traffic FOLDER`"),
    }
}
