// SPDX-FileCopyrightText: The lustre-dist authors
// SPDX-License-Identifier: MIT OR Apache-2.0

//! Aligned columns.

use std::fmt::Write as _;

use super::screen::Screen;

/// One cell: what it says, and whether it is a warning.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    text: String,
    warns: bool,
}

impl Cell {
    /// A cell; `-` where there is nothing to say.
    pub(super) fn new(text: Option<impl ToString>) -> Self {
        Self { text: text.map_or_else(|| "-".to_owned(), |text| text.to_string()), warns: false }
    }

    /// A cell that warns.
    pub(super) fn warning(text: impl ToString) -> Self {
        Self { text: text.to_string(), warns: true }
    }
}

/// Prints rows below their head, each column as wide as its widest cell.
pub(super) fn print<const N: usize>(screen: &Screen, head: [&str; N], rows: &[[Cell; N]]) {
    let head = head.map(|text| Cell::new(Some(text)));
    let rows: Vec<&[Cell; N]> = std::iter::once(&head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].text.chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let mut line = String::new();
        for (nth, cell) in row.iter().enumerate() {
            // Blanks behind the last column would be copied with it.
            let width = if nth + 1 == N { 0 } else { widths[nth] };
            let padding = " ".repeat(width.saturating_sub(cell.text.chars().count()));
            let text = if cell.warns { screen.warning(&cell.text) } else { cell.text.clone() };
            let gap = if nth == 0 { "" } else { "  " };
            // Writing to a string cannot fail.
            let _ = write!(line, "{gap}{text}{padding}");
        }
        screen.answer(format_args!("{}\n", line.trim_end()));
    }
}
