//! Whose card it is, from its first digits: what it is called, how many digits it has, how they are grouped on the card.

use serde::Serialize;

/// One issuer's cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Brand {
    /// E.g. `Visa`.
    pub name: &'static str,
    /// The first four digits lie in one of these ranges, both ends included.
    pub prefixes: &'static [(u16, u16)],
    /// How many digits a whole number has.
    pub lengths: &'static [usize],
    /// How its digits are grouped.
    pub groups: &'static [usize],
}

const FOURS: &[usize] = &[4, 4, 4, 4];

/// The brands that are known by name.
pub const BRANDS: &[Brand] = &[
    Brand { name: "Visa", prefixes: &[(4000, 4999)], lengths: &[13, 16, 19], groups: FOURS },
    Brand { name: "Mastercard", prefixes: &[(5100, 5599), (2221, 2720)], lengths: &[16], groups: FOURS },
    Brand {
        name: "American Express",
        prefixes: &[(3400, 3499), (3700, 3799)],
        lengths: &[15],
        groups: &[4, 6, 5],
    },
    Brand {
        name: "Discover",
        prefixes: &[(6011, 6011), (6440, 6499), (6500, 6599)],
        lengths: &[16],
        groups: FOURS,
    },
    Brand { name: "JCB", prefixes: &[(3528, 3589)], lengths: &[16], groups: FOURS },
    Brand {
        name: "Diners Club",
        prefixes: &[(3000, 3059), (3600, 3699), (3800, 3899)],
        lengths: &[14],
        groups: &[4, 6, 4],
    },
];

/// Any other card.
pub const OTHER_BRAND: &Brand =
    &Brand { name: "Card", prefixes: &[], lengths: &[12, 13, 14, 15, 16, 17, 18, 19], groups: FOURS };

impl Brand {
    /// The brand of these digits; the first few are enough.
    pub fn of(digits: &str) -> &'static Self {
        let first = format!("{:0<4}", digits.get(..4).unwrap_or(digits));
        let Ok(first) = first.parse::<u16>() else { return OTHER_BRAND };
        let is_in = |brand: &&Self| brand.prefixes.iter().any(|(from, to)| (*from..=*to).contains(&first));
        BRANDS.iter().find(is_in).unwrap_or(OTHER_BRAND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brand_is_known_from_the_first_digits() {
        let brands = [
            ("4", "Visa"),
            ("5555", "Mastercard"),
            ("2221 00", "Mastercard"),
            ("37", "American Express"),
            ("6011", "Discover"),
            ("65", "Discover"),
            ("3530", "JCB"),
            ("36", "Diners Club"),
            ("9", "Card"),
            ("", "Card"),
            ("ä", "Card"),
        ];
        for (digits, name) in brands {
            assert_eq!(Brand::of(digits).name, name, "{digits}");
        }
    }

    #[test]
    fn the_groups_of_a_brand_are_as_long_as_one_of_its_numbers() {
        for brand in BRANDS {
            assert!(brand.lengths.contains(&brand.groups.iter().sum()), "{}", brand.name);
        }
    }
}
