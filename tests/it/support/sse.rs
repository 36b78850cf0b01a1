//! Reads a live stream as a browser does, byte by byte.

use super::board::{Board, client};
use super::people::Shows;
use reqwest::{RequestBuilder, Response};
use std::time::Duration;

/// How long an event may take. Nothing waits for it to pass but a test that fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// An event of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: Option<i64>,
    pub name: String,
    pub data: String,
}

/// An open stream.
pub struct Reader {
    pub answer: Response,
    buffer: String,
    /// Everything that came, as it came.
    pub raw: Vec<u8>,
    /// So much of it is in the buffer, or was.
    read: usize,
}

impl Reader {
    pub async fn open(board: &Board, path: &str) -> Self {
        Self::resume(board, path, None).await
    }

    /// Opens a stream after an event, as a browser that lost it does.
    pub async fn resume(board: &Board, path: &str, last: Option<&str>) -> Self {
        Self::resume_as(board, &Shows::Nothing, path, last).await
    }

    /// The same for somebody who signed in.
    pub async fn resume_as(board: &Board, who: &Shows, path: &str, last: Option<&str>) -> Self {
        let request = client().get(format!("{}{path}", board.url)).header("accept-encoding", "gzip, br");
        let mut request = who.on(request);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        Self::of(request).await
    }

    /// Opens a stream as somebody.
    pub async fn of_whom(board: &Board, who: &Shows, path: &str) -> Self {
        Self::of(who.on(client().get(format!("{}{path}", board.url)))).await
    }

    pub async fn of(request: RequestBuilder) -> Self {
        let request = request.header("accept-encoding", "gzip, br");
        let answer = tokio::time::timeout(PATIENCE, request.send()).await.expect("headers at once").unwrap();
        assert_eq!(answer.status(), 200);
        Self { answer, buffer: String::new(), raw: Vec::new(), read: 0 }
    }

    pub fn header(&self, name: &str) -> &str {
        self.answer.headers().get(name).map_or("", |it| it.to_str().unwrap())
    }

    /// The next event; comments and the `retry` at the beginning are passed over. `None`: the stream ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((frame, rest)) = self.buffer.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.buffer = rest;
                if let Some(event) = parse(&frame) {
                    return Some(event);
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.expect("an event in time");
            let chunk = chunk.ok().flatten()?;
            self.raw.extend_from_slice(&chunk);
            // A chunk may end within a letter; the rest of it comes with the next one.
            let new = &self.raw[self.read..];
            let whole = match std::str::from_utf8(new) {
                Ok(text) => text,
                Err(error) if error.error_len().is_none() => {
                    std::str::from_utf8(&new[..error.valid_up_to()]).unwrap()
                }
                Err(error) => panic!("{error}"),
            };
            self.buffer.push_str(whole);
            self.read += whole.len();
        }
    }

    /// So many events; they must come.
    pub async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.next().await.expect("the stream goes on"));
        }
        all
    }
}

/// As the standard has it: a carriage return ends a line, too.
fn parse(frame: &str) -> Option<Event> {
    let mut event = Event { id: None, name: String::new(), data: String::new() };
    let mut data = Vec::new();
    for line in frame.split(['\n', '\r']).filter(|line| !line.is_empty()) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" | "retry" => {}
            "id" => event.id = Some(value.parse().unwrap()),
            "event" => value.clone_into(&mut event.name),
            "data" => data.push(value),
            other => panic!("no field is called {other:?}"),
        }
    }
    event.data = data.join("\n");
    (!event.name.is_empty()).then_some(event)
}
