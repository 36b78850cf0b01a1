//! signboard: the board on which a business watches its documents get signed.
//!
//! This page is the architecture. It names modules and the reasons for their borders, not what each function does.
//!
//! # The floors
//!
//! Imports go downwards only:
//!
//! ```text
//!   cli                      arguments, sentences for the terminal
//!   serve                    addresses, workers, stopping in order
//!   web          demo        HTTP and HTML      |  a simulator that plays the providers
//!   app                      the use cases
//!   provider     store       what only one provider does  |  the only SQL
//!   model                    what a package is; the standard library only
//! ```
//!
//! [`config`] and [`clock`] stand beside the floors: everybody above the model may read them, they import nobody.
//!
//! # What never happens
//!
//! - [`model`] does no I/O, asks no clock, parses no JSON, and doesn't know that several providers exist.
//! - [`fold()`](model::fold()) never fails and never sees the order in which facts arrived.
//! - Only [`clock`] asks what time it is; everything else is handed `now`.
//! - Nothing outside [`store`] contains SQL, and within it one task alone writes.
//! - Nothing outside [`web`] knows of HTTP statuses or HTML, and only its `error` module turns an error into an answer.
//! - A callback is never answered with 200 before its bytes are on disk, and no digest that fails costs its bytes.
//! - No body is parsed unless [`Provider::verify`](provider::Provider::verify), or a record of an earlier verdict,
//!   vouched for it: [`parse`](provider::Provider::parse) asks for a [`Verified`](provider::Verified).
//! - [`web::views`] never asks the store, and no secret gets that far. The pages hold nothing inline.
//! - [`demo`] imports nothing of [`provider`], [`store`], [`app`] or [`web`]; it speaks HTTP, like any provider.
//! - No test waits for a worker: workers loop in [`serve`] only, over a step that a test calls by itself.
//!
//! # One callback, from its bytes to the page
//!
//! Reading the modules in this order shows the main path once.
//!
//! 1. [`web::callbacks`] reads `POST /callbacks/{account}`, at most 4 MiB, into a [`Delivery`](provider::Delivery):
//!    headers, bytes, address, time. Nothing is understood yet.
//! 2. [`App::receive`](app::App::receive) in [`app::ingest`] finds the account, compares the token in the path if the
//!    account has one, and asks its adapter. `verify` compares secrets in constant time; a call without the right one is
//!    kept among the refused and answered with 401. `parse` is pure and gives [`Report`](provider::Report)s in the
//!    house's words, or a sentence why it can't.
//! 3. [`Store::keep`](store::Store::keep) hands bytes and reports to the writer, the one task that owns the only
//!    writing connection. It takes whatever waits and runs it as one transaction with `synchronous=FULL`; batches form
//!    by themselves while the flush before them runs. If a batch fails, each of its callbacks is tried alone; if
//!    digesting one fails, its bytes are kept alone and digested later.
//! 4. In that transaction each touched package's log takes the new facts ([`model::log`]; the same fact twice is
//!    one), [`fold()`](model::fold()) makes the [`Package`](model::Package) from the whole log, and the list, the
//!    tallies and the change with its number ([`Seq`](model::Seq)) are written. The log is the truth, the rest a cache
//!    that `signboard rebuild` can make again.
//! 5. The commit returns, the sender gets 200, and a [`Change`](store::read::Change) goes out to whoever listens.
//! 6. The [`Hub`](web::live::Hub) in [`web::live`] numbers and keeps it. For each open page,
//!    [`Filter::admits`](model::Filter::admits) decides between `put`, `drop` and silence. The row is rendered once,
//!    by the same template that drew it in the page ([`web::views::row`]), and every reader gets those bytes.
//! 7. `static/live.js` replaces the row of that id. A row that isn't on screen waits behind the pill; tallies, strip
//!    and title come from `/pulse`. After a break the stream goes on after the last number seen, from memory, else from
//!    the database, else with `resync`.
//!
//! # One question to a provider
//!
//! Callbacks carry no name, no sender and no people, and they may be lost. So each package has a time by which to ask
//! about it, which the fold sets: at once while something is unknown or contradicts itself, a day after the last answer
//! while the package is open. [`App::ask_due_of`](app::App::ask_due_of) in [`app::asking`] empties that queue, few at a
//! time, within the account's calls per minute; it reads list pages where many are due and asks for single packages
//! otherwise. An answer is a fact like any other: it enters the log through
//! [`Store::learn`](store::Store::learn), and from there the path is that of a callback. Trouble with an API rests that
//! account and shows on the providers page; callbacks go on as ever.
//!
//! # What callbacks missed
//!
//! Every few hours, at night and after a start [`App::sweep_step`](app::App::sweep_step) in [`app::reconcile`] goes through an
//! account's list from where the last sweep had seen everything, page by page, beside the queue and within the same budget.
//! Where it stands is a row of `runs`. Its answers enter by [`Store::learn_in`](store::Store::learn_in). In the transaction of
//! any answer [`diff()`](model::diff()) compares the package before and after it, and each thing that a callback should have told
//! becomes a line of drift; the callback that comes after all closes it. What a line means at which time, [`model::standing`]
//! says.
//!
//! # What another listener hears
//!
//! A provider calls one address, so an account may name whoever was called before. Its callbacks get a row of `forwards` in the
//! transaction that keeps them, and [`App::forward_step`](app::App::forward_step) in [`app::forwarding`] sends them on from
//! the inbox, in their order, long after their senders were answered.
//!
//! # Whom others vouch for
//!
//! [`provider::issuer`] speaks with issuers of tokens: the identity provider at which people sign in, and authorization servers
//! whose tokens come with callbacks. The keys of the latter are in memory, so checking a callback waits for nobody; where that
//! can't be told, the verdict is [`Verdict::Unsure`](provider::Verdict::Unsure), and the call is kept with its token. What
//! follows from the word of the identity provider, [`app::people::oidc`] says; [`App::vouch_due`](app::App::vouch_due) asks for
//! it again.
//!
//! # What is worth telling somebody
//!
//! An alert is raised and cleared in the transaction of its cause. [`App::route_step`](app::App::route_step) looks up whom to
//! tell and writes a row for each of them; [`App::tell_step`](app::App::tell_step) sends what is due, an address at a time, by
//! [`mail`], and notes what came of it: see [`app::alerts`]. Neither is on the way of a callback.
//!
//! # Where things live
//!
//! - Statuses, events and what each of them does to a package: [`model::status`], [`model::event`],
//!   [`model::fold`](mod@model::fold).
//! - What one provider spells differently: its module in [`provider`], and nowhere else.
//! - Which routes exist: [`web::routes`], the table of contents of the HTTP side. Who may call them: [`web::needs`], which
//!   [`web::guard`] reads. Who that is, and how they prove it: [`app::people`].
//! - What pages say: words in [`web::views`], markup in `templates/`, look and behaviour in `static/`.
//! - The schema: `migrations/`. Keys of the configuration: [`config`]. Loops and stopping: [`serve`].
//! - Reading kept bytes again: [`app::replay`].
//! - Tests from outside: `tests/it/`, one binary; the browser's are in `tests/it/browser/`. Samples of what providers
//!   send: `tests/data/`.
//!
//! # To add a provider
//!
//! 1. A variant of [`config::ProviderKind`], which makes the compiler name every place that must decide something.
//! 2. A module in [`provider`] with the verbs of [`Provider`](provider::Provider), and an arm in
//!    [`provider::open`]. A word of the provider that has no meaning here becomes an event that changes nothing; it
//!    stays visible in the timeline.
//! 3. Samples under `tests/data/`, each with the facts that it must give.
//! 4. A part in [`demo`] that sends what the samples look like.
//!
//! Nothing else changes: no page, no table, no rule of the fold.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod mail;
pub mod model;
pub mod provider;
pub mod serve;
pub mod store;
pub mod web;
