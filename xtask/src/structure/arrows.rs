//! Which file of a crate needs which: every path that a file takes or names, followed to the file
//! that defines what it names.
//!
//! - A parent and its children are one room with a door: that it declares them, hands on what they
//!   define (`pub use child::Thing`) or puts them together is no arrow. A child that names what its
//!   parent defines needs the parent.
//! - Who takes `parent::Thing` needs the file that defines it, not the one that hands it on.
//! - Taking a module (`use crate::shop;`) is no arrow by itself; what is then named in it is.

use std::collections::BTreeSet;

use super::circles::Arrow;
use super::rust::{Import, Module, Modules};

/// The arrows between files, and those between what lies side by side in a folder.
#[derive(Debug, Default)]
pub struct Arrows {
    pub files: Vec<Arrow>,
    /// One list for each folder; names are those of the modules in it.
    pub folders: Vec<(String, Vec<Arrow>)>,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Module(usize),
    /// Something that this module defines.
    Thing(usize),
}

/// Follows everything that the modules of one root take and name.
pub fn of(modules: &Modules) -> Arrows {
    let mut arrows = Arrows::default();
    for (index, module) in modules.0.iter().enumerate() {
        for import in &module.imports {
            match modules.follow(index, &import.path) {
                Some(Found::Thing(to)) => arrows.add(modules, index, to, import.line, &import.path),
                // Everything of a module: there is no telling what of it.
                Some(Found::Module(to)) if import.name.is_none() => {
                    arrows.add(modules, index, to, import.line, &import.path);
                }
                Some(Found::Module(_)) | None => {}
            }
        }
        for named in &module.named {
            if let Some(Found::Thing(to)) = modules.follow(index, &named.path) {
                arrows.add(modules, index, to, named.line, &named.path);
            }
        }
    }
    arrows.files.sort();
    arrows
}

impl Arrows {
    fn add(&mut self, modules: &Modules, from: usize, to: usize, line: usize, path: &[String]) {
        let [a, b] = [&modules.0[from], &modules.0[to]];
        if a.file == b.file || modules.is_below(to, from) {
            return;
        }
        let name = path.last().cloned().unwrap_or_default();
        self.files.push(Arrow {
            from: a.file.clone(),
            to: b.file.clone(),
            file: a.file.clone(),
            line,
            name: name.clone(),
        });
        let shared = a.place.iter().zip(&b.place).take_while(|(a, b)| a == b).count();
        // A parent stands above its folder, not in it.
        if let (Some(from), Some(to)) = (a.place.get(shared), b.place.get(shared)) {
            let folder = a.place[..shared].join("/");
            let arrow = Arrow {
                from: from.clone(),
                to: to.clone(),
                file: a.file.clone(),
                line,
                name: format!("{name} of {}", b.file),
            };
            match self.folders.iter_mut().find(|(known, _)| *known == folder) {
                Some((_, arrows)) => arrows.push(arrow),
                None => self.folders.push((folder, vec![arrow])),
            }
        }
    }
}

impl Modules {
    fn is_below(&self, module: usize, above: usize) -> bool {
        let (inner, outer) = (&self.0[module].place, &self.0[above].place);
        inner.len() > outer.len() && inner.starts_with(outer)
    }

    /// Where a path leads that is written in module `from`; none if out of the crate.
    fn follow(&self, from: usize, path: &[String]) -> Option<Found> {
        self.follow_unseen(from, path, &mut BTreeSet::new())
    }

    fn follow_unseen(
        &self,
        from: usize,
        path: &[String],
        seen: &mut BTreeSet<(usize, String)>,
    ) -> Option<Found> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Found::Module(0),
            "self" => Found::Module(from),
            "super" => Found::Module(self.0[from].parent?),
            name => self.find(from, name, seen)?,
        };
        while let (Found::Module(module), Some((next, after))) = (at, rest.split_first()) {
            at = match next.as_str() {
                "super" => Found::Module(self.0[module].parent?),
                name => self.find(module, name, seen)?,
            };
            rest = after;
        }
        Some(at)
    }

    /// A name as it is known in a module.
    fn find(&self, module: usize, name: &str, seen: &mut BTreeSet<(usize, String)>) -> Option<Found> {
        if !seen.insert((module, name.to_owned())) {
            return None;
        }
        let here: &Module = &self.0[module];
        if let Some(child) = here.children.get(name) {
            return Some(Found::Module(*child));
        }
        if here.defines.contains(name) {
            return Some(Found::Thing(module));
        }
        let named = |import: &&Import| import.name.as_deref() == Some(name);
        if let Some(import) = here.imports.iter().find(named) {
            // `use disc::disc;`: what is taken may bear the name of where it comes from.
            return self.follow_unseen(module, &import.path, seen);
        }
        here.imports.iter().filter(|import| import.name.is_none()).find_map(|import| {
            match self.follow_unseen(module, &import.path, seen)? {
                Found::Module(all) => self.find(all, name, seen),
                Found::Thing(_) => None,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::circles::circles;
    use super::super::rust;
    use super::*;

    fn shown(files: &[(&str, &str)]) -> Vec<String> {
        let mut arrows: Vec<String> = of(&rust::several(files))
            .files
            .iter()
            .map(|arrow| {
                format!("{} -> {}", arrow.from.trim_end_matches(".rs"), arrow.to.trim_end_matches(".rs"))
            })
            .collect();
        arrows.dedup();
        arrows
    }

    #[test]
    fn a_parent_that_hands_on_needs_nothing_and_who_takes_from_it_needs_the_child() {
        let arrows = shown(&[
            ("lib.rs", "mod shop; mod disc;"),
            ("shop.rs", "mod cart; pub use cart::Cart; pub struct Shop;"),
            ("shop/cart.rs", "use super::Shop; pub struct Cart(Shop);"),
            ("disc.rs", "use crate::shop::Cart; fn f(_: Cart) {}"),
        ]);
        assert_eq!(arrows, ["disc -> shop/cart", "shop/cart -> shop"]);
    }

    #[test]
    fn a_parent_that_puts_its_children_together_is_no_circle_and_children_that_need_each_other_are() {
        let cart = "pub fn empty() -> super::Shop { super::Shop }";
        let files = |cart: &'static str| {
            rust::several(&[
                ("lib.rs", "mod shop;"),
                (
                    "shop/mod.rs",
                    "mod cart; mod till; pub struct Shop; fn f() { cart::empty(); till::open(); }",
                ),
                ("shop/cart.rs", cart),
                ("shop/till.rs", "pub fn open() { super::cart::empty(); }"),
            ])
        };
        assert!(circles(&of(&files(cart)).files).is_empty());
        let found = circles(&of(&files("pub fn empty() { super::till::open(); }")).files);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["shop/cart.rs", "shop/till.rs"]);
    }

    #[test]
    fn paths_inside_macros_attributes_functions_and_taken_modules_count() {
        let arrows = shown(&[
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "fn f() { println!(\"{}\", crate::b::text()); use crate::c; c::sing(); }"),
            ("b.rs", "#[serde(with = \"crate::d::bytes\")] pub struct B; pub fn text() {}"),
            ("c.rs", "use crate::d::{self as other, *}; pub fn sing() { other::X; }"),
            ("d.rs", "pub struct X; pub mod bytes { }"),
        ]);
        assert_eq!(arrows, ["a -> b", "a -> c", "c -> d"]);
    }

    #[test]
    fn tests_and_other_crates_make_no_arrows() {
        let arrows = shown(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use std::fs; use b::C; #[cfg(test)] mod tests { use crate::b::B; }"),
            ("b.rs", "pub struct B; #[cfg(test)] use crate::a::A;"),
        ]);
        assert!(arrows.is_empty(), "{arrows:?}");
    }

    #[test]
    fn folders_side_by_side_can_be_a_circle_where_no_two_files_are() {
        let modules = rust::several(&[
            ("lib.rs", "mod shop; mod disc;"),
            ("shop.rs", "mod cart; mod till;"),
            ("shop/cart.rs", "use crate::disc::plan::Plan;"),
            ("shop/till.rs", "pub struct Till;"),
            ("disc.rs", "pub mod plan; mod price;"),
            ("disc/plan.rs", "pub struct Plan;"),
            ("disc/price.rs", "use crate::shop::till::Till;"),
        ]);
        let arrows = of(&modules);
        assert!(circles(&arrows.files).is_empty());
        assert_eq!(arrows.folders.len(), 1);
        assert_eq!(circles(&arrows.folders[0].1).keys().collect::<Vec<_>>(), ["disc", "shop"]);
    }
}
