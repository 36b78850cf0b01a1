//! Floor 3: the web. Speaks HTTP and HTML to people and programs; knows neither SQL nor secrets.

pub mod views;
