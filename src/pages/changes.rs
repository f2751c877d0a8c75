// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! `changes.md` as HTML, layer by layer.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};
use serde::Serialize;

/// A part of the change log.
#[derive(Serialize, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// The layer, or another heading; none for what stands above the first.
    title: Option<String>,
    /// Whether it is a layer of the source above it, and is folded.
    is_layer: bool,
    /// How many items its list has.
    items: usize,
    html: String,
}

/// The sections of a change log. Its own title is left out: the page has one.
pub(super) fn sections(markdown: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut title: Option<(String, bool)> = None;
    let mut body = String::new();
    for line in markdown.lines() {
        let heading = [("# ", None), ("## ", Some(false)), ("### ", Some(true))]
            .into_iter()
            .find_map(|(mark, layer)| Some((line.strip_prefix(mark)?, layer)));
        match heading {
            Some((text, layer)) => {
                sections.extend(section(title.take(), &body));
                body.clear();
                title = layer.map(|is_layer| (text.to_owned(), is_layer));
            }
            None => {
                body.push_str(line);
                body.push('\n');
            }
        }
    }
    sections.extend(section(title, &body));
    sections
}

fn section(title: Option<(String, bool)>, body: &str) -> Option<Section> {
    if title.is_none() && body.trim().is_empty() {
        return None;
    }
    let (title, is_layer) = title.map_or((None, false), |(title, is_layer)| (Some(title), is_layer));
    let events: Vec<_> = Parser::new_ext(body, Options::ENABLE_TABLES).map(harmless).collect();
    let items = events.iter().filter(|event| matches!(event, Event::Start(Tag::Item))).count();
    let mut out = String::new();
    html::push_html(&mut out, events.into_iter());
    // A heading of a column says so to those who cannot see the table.
    let out = out.replace("<th>", "<th scope=\"col\">").replace("<th style", "<th scope=\"col\" style");
    Some(Section { title, is_layer, items, html: out })
}

/// The file is the release's own, but a commit's subject was anybody's: no markup of theirs becomes the
/// page's, and no link or picture leads anywhere.
fn harmless(event: Event) -> Event {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { .. }) => Event::Start(Tag::Emphasis),
        Event::End(pulldown_cmark::TagEnd::Link) => Event::End(pulldown_cmark::TagEnd::Emphasis),
        Event::Start(Tag::Image { .. } | Tag::HtmlBlock) => Event::Text(CowStr::Borrowed("")),
        Event::End(pulldown_cmark::TagEnd::Image | pulldown_cmark::TagEnd::HtmlBlock) => {
            Event::Text(CowStr::Borrowed(""))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_sections_and_markup_is_text() {
        let text = "# Changes in x\n\n## Source lustre: a to b\n\n| layer | commits |\n| --- | ---: |\n| compat | 1 |\n\n\
            ### compat\n\n- <script>alert(1)</script> [x](javascript:alert(2)) `abc`\n- two ![p](https://x/y)\n";
        let sections = sections(text);
        let titles: Vec<_> = sections.iter().map(|s| (s.title.as_deref(), s.is_layer, s.items)).collect();
        assert_eq!(titles, [(Some("Source lustre: a to b"), false, 0), (Some("compat"), true, 2)]);
        assert!(sections[0].html.contains("<th scope=\"col\">layer</th>"), "{}", sections[0].html);
        let html = &sections[1].html;
        assert!(
            html.contains("&lt;script&gt;") && !html.contains("href") && !html.contains("<img"),
            "{html}"
        );
    }
}
