//! The files under `static/`, part of the program, each with its hash in its address so that a browser may keep it for
//! a year.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// A file as it is served.
#[derive(Debug)]
pub struct Asset {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Its content type.
    pub mime: &'static str,
    name: &'static str,
    url: String,
}

const ICON: (&str, &str, &[u8]) = ("icon.svg", "image/svg+xml", include_bytes!("../../../static/icon.svg"));
const STROKE: (&str, &str, &[u8]) =
    ("stroke.svg", "image/svg+xml", include_bytes!("../../../static/stroke.svg"));
const SCRIPT: (&str, &str, &[u8]) =
    ("live.js", "text/javascript; charset=utf-8", include_bytes!("../../../static/live.js"));
const STYLE: &str = include_str!("../../../static/app.css");

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut all: Vec<Asset> =
        [ICON, STROKE, SCRIPT].map(|(name, mime, bytes)| Asset::new(name, mime, bytes.to_vec())).into();
    // The style names the stroke by its file name; a browser is given the hashed one.
    let stroke = all[1].file();
    let style = STYLE.replace("stroke.svg", &stroke);
    all.push(Asset::new("app.css", "text/css; charset=utf-8", style.into_bytes()));
    all
});

/// The file of an address `/static/{hash}-{name}`, given what follows `/static/`. An address of another version finds
/// nothing, so that what is kept for a year is never the wrong one.
#[must_use]
pub fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|it| it.url.strip_prefix("/static/") == Some(path))
}

/// The address of a file by its name; an unknown name gives the board's.
#[must_use]
pub fn url(name: &str) -> &'static str {
    ASSETS.iter().find(|it| it.name == name).map_or("/", |it| it.url.as_str())
}

impl Asset {
    fn new(name: &'static str, mime: &'static str, bytes: Vec<u8>) -> Self {
        let mut url = "/static/".to_owned();
        for byte in Sha256::digest(&bytes).iter().take(8) {
            let _ = write!(url, "{byte:02x}");
        }
        let _ = write!(url, "-{name}");
        Self { bytes, mime, name, url }
    }

    fn file(&self) -> String {
        self.url.trim_start_matches("/static/").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_on_a_page_finds_its_file() {
        for name in ["icon.svg", "stroke.svg", "live.js", "app.css"] {
            let path = url(name).strip_prefix("/static/").expect(name);
            assert!(path.ends_with(name) && path.len() == name.len() + 17, "{path}");
            assert!(asset(path).is_some_and(|it| !it.bytes.is_empty()));
        }
        assert!(asset("app.css").is_none() && asset("0000000000000000-app.css").is_none());
    }

    #[test]
    fn the_style_names_the_stroke_by_its_hash_and_nothing_inline() {
        let style = asset(url("app.css").trim_start_matches("/static/")).expect("the style");
        let style = String::from_utf8(style.bytes.clone()).expect("text");
        assert!(style.contains(&format!("url(\"{}\")", url("stroke.svg").trim_start_matches("/static/"))));
        assert!(!style.contains("data:") && !style.contains("http"));
    }
}
