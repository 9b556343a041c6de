//! An author's prices as they stand in a media file (text kind `prices`; requirements B1, B10): a line for each quality, and one for the
//! whole album.
//!
//! ```text
//! lossless USD 129        what it costs merchants, cents; they add their mark-up
//! lossy USD 60 99         the same, and the retail price that every merchant must charge
//! album USD 790
//! ```
//! What stands on no line is not for sale. A merchant never owes more than it takes: a fixed retail price is at least the cost.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::money::{self, Currency, OutOfBounds};

/// Most lines of a list.
const MAX_LINES: usize = 16;
/// Longest name of a quality, characters.
const LONGEST_NAME: usize = 32;

/// What something costs merchants, and what it must be sold for if that is fixed. Cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct ListPrice {
    cost_cents: u64,
    retail_cents: Option<u64>,
}

impl ListPrice {
    /// A price within its bounds.
    pub fn new(cost_cents: u64, retail_cents: Option<u64>) -> Result<Self, PriceListError> {
        money::within(cost_cents)?;
        if let Some(retail) = retail_cents
            && money::within(retail)? < cost_cents
        {
            return Err(PriceListError::BelowCost);
        }
        Ok(Self { cost_cents, retail_cents })
    }

    /// What merchants owe for it.
    pub const fn cost_cents(&self) -> u64 {
        self.cost_cents
    }

    /// What every merchant must charge, where that is fixed.
    pub const fn fixed_retail_cents(&self) -> Option<u64> {
        self.retail_cents
    }

    /// What a merchant with this mark-up charges.
    pub fn retail_cents(&self, markup_percent: u32) -> Result<u64, OutOfBounds> {
        self.retail_cents.map_or_else(|| money::marked_up(self.cost_cents, markup_percent), Ok)
    }

    /// Whether a merchant may charge this much.
    pub fn allows(&self, retail_cents: u64) -> bool {
        match self.retail_cents {
            Some(fixed) => retail_cents == fixed,
            None => retail_cents >= self.cost_cents,
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceLine {
    /// Name of a quality, or [`PriceLine::ALBUM`].
    pub what: String,
    /// In which currency.
    pub currency: Currency,
    /// The price.
    pub price: ListPrice,
}

impl PriceLine {
    /// The line of the whole album.
    pub const ALBUM: &str = "album";
}

/// Why a price list is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PriceListError {
    /// A line of another form.
    #[error(
        "line {0} of the prices is not 'QUALITY CURRENCY CENTS' or 'QUALITY CURRENCY CENTS RETAIL-CENTS'; author the file again"
    )]
    Malformed(usize),
    /// Two lines for one thing.
    #[error("the prices name '{0}' twice; author the file again with one price for it")]
    Twice(String),
    /// Too many lines.
    #[error("a file has at most {MAX_LINES} prices; author it again with fewer")]
    TooMany,
    /// An amount that is none.
    #[error("a price is out of bounds: {0}; author the file again")]
    Amount(#[from] OutOfBounds),
    /// The fixed retail price does not cover the cost.
    #[error(
        "a fixed retail price is below what merchants pay; author the file again with a higher one, or a lower cost"
    )]
    BelowCost,
}

/// Reads a list.
pub fn parse(text: &str) -> Result<Vec<PriceLine>, PriceListError> {
    let mut lines: Vec<PriceLine> = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let line = parse_line(number, line)?;
        if lines.iter().any(|known| known.what == line.what) {
            return Err(PriceListError::Twice(line.what));
        }
        if lines.len() == MAX_LINES {
            return Err(PriceListError::TooMany);
        }
        lines.push(line);
    }
    Ok(lines)
}

fn parse_line(number: usize, line: &str) -> Result<PriceLine, PriceListError> {
    let malformed = || PriceListError::Malformed(number);
    let words: Vec<&str> = line.split_whitespace().collect();
    let (what, currency, cost, retail) = match words[..] {
        [what, currency, cost] => (what, currency, cost, None),
        [what, currency, cost, retail] => (what, currency, cost, Some(retail)),
        _ => return Err(malformed()),
    };
    if what.chars().count() > LONGEST_NAME {
        return Err(malformed());
    }
    let currency = currency.parse().map_err(|_| malformed())?;
    let cents = |digits: &str| digits.parse::<u64>().map_err(|_| malformed());
    let price = ListPrice::new(cents(cost)?, retail.map(cents).transpose()?)?;
    Ok(PriceLine { what: what.to_owned(), currency, price })
}

/// The list as text.
pub fn to_text(lines: &[PriceLine]) -> String {
    let line = |PriceLine { what, currency, price }: &PriceLine| {
        let retail = price.retail_cents.map(|cents| format!(" {cents}")).unwrap_or_default();
        format!("{what} {currency} {}{retail}", price.cost_cents)
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[derive(Serialize, Deserialize)]
struct Wire {
    cost_cents: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retail_cents: Option<u64>,
}

impl TryFrom<Wire> for ListPrice {
    type Error = PriceListError;

    fn try_from(wire: Wire) -> Result<Self, PriceListError> {
        Self::new(wire.cost_cents, wire.retail_cents)
    }
}

impl From<ListPrice> for Wire {
    fn from(ListPrice { cost_cents, retail_cents }: ListPrice) -> Self {
        Self { cost_cents, retail_cents }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // B10
    #[test]
    fn a_list_is_read_line_by_line_and_written_as_it_was() {
        let text = "lossless USD 129\nlossy USD 60 99\nalbum EUR 790";
        let lines = parse(text).unwrap();
        assert_eq!(to_text(&lines), text);
        assert_eq!(lines[1].price, ListPrice::new(60, Some(99)).unwrap());
        assert_eq!(lines[2].currency.to_string(), "EUR");
        assert_eq!(parse(""), Ok(vec![]));
    }

    // B10
    #[test]
    fn a_price_that_is_none_is_refused_instead_of_guessed() {
        for text in ["hifi", "hifi EUR", "hifi EUR five", "hifi EUR -5", "hifi eur 5", "hifi EUR 5 6 7"] {
            assert_eq!(parse(text), Err(PriceListError::Malformed(1)), "{text}");
        }
        assert_eq!(parse("a USD 5\na USD 6"), Err(PriceListError::Twice("a".into())));
        assert_eq!(parse("a USD 1000000"), Err(PriceListError::Amount(OutOfBounds)));
        assert_eq!(parse("a USD 18446744073709551615"), Err(PriceListError::Amount(OutOfBounds)));
        assert_eq!(parse("a USD 5 4"), Err(PriceListError::BelowCost));
    }

    // B10
    #[test]
    fn a_fixed_retail_price_is_charged_as_it_is_and_a_cost_is_marked_up() {
        let (cost, fixed) = (ListPrice::new(129, None).unwrap(), ListPrice::new(60, Some(99)).unwrap());
        assert_eq!((cost.retail_cents(20), fixed.retail_cents(20)), (Ok(155), Ok(99)));
        assert!(cost.allows(129) && cost.allows(500) && !cost.allows(128));
        assert!(fixed.allows(99) && !fixed.allows(98) && !fixed.allows(100));
    }
}
