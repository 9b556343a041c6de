//! The files of a crate, parsed, with the modules that they make; tests are left out.
//!
//! From a root (`lib.rs`, `main.rs`, a program under `bin/`) every `mod` declaration is followed
//! to its file, as the compiler does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Attribute, Item, UseTree};

use super::named::{self, Named};

/// A module: the names it makes, takes and hands on, and the paths that its code names.
#[derive(Debug, Default)]
pub struct Module {
    /// Its file, from the top of the checkout, with `/`.
    pub file: String,
    pub parent: Option<usize>,
    /// Its name, and that of each module around it from the crate's root on.
    pub place: Vec<String>,
    pub children: BTreeMap<String, usize>,
    /// What it defines itself.
    pub defines: BTreeSet<String>,
    pub imports: Vec<Import>,
    /// Every path in its code.
    pub named: Vec<Named>,
}

/// One name of a `use`.
#[derive(Debug)]
pub struct Import {
    /// The name it has here; none for `*`.
    pub name: Option<String>,
    pub path: Vec<String>,
    pub line: usize,
}

/// All modules of one root; the root is the first.
#[derive(Debug, Default)]
pub struct Modules(pub Vec<Module>);

/// A file as parsed, tests removed, for rules that look at expressions.
pub struct Parsed {
    pub path: String,
    pub file: syn::File,
}

/// Why the sources could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("{path} cannot be read ({source}); is the checkout whole?")]
    File { path: String, source: std::io::Error },
    #[error("{path}:{line} is not Rust as the parser knows it: {source}")]
    Syntax { path: String, line: usize, source: syn::Error },
    #[error("{path} declares `mod {name}`, whose file is not there")]
    NoModule { path: String, name: String },
}

/// The roots of a package: its library, its program, its programs under `bin/`.
pub fn roots(package: &Path) -> Vec<PathBuf> {
    let source = package.join("src");
    let mut roots = vec![source.join("lib.rs"), source.join("main.rs")];
    for entry in std::fs::read_dir(source.join("bin")).into_iter().flatten().flatten() {
        let path = entry.path();
        roots.push(if path.is_dir() { path.join("main.rs") } else { path });
    }
    roots.retain(|path| path.is_file());
    roots.sort();
    roots
}

/// Reads a root and everything that it declares; the files come back beside the modules.
pub fn read(top: &Path, root: &Path) -> Result<(Modules, Vec<Parsed>), ReadError> {
    let mut reader = Reader { top, modules: Modules::default(), files: Vec::new() };
    let folder = root.parent().unwrap_or(top).to_path_buf();
    reader.file(root, &folder, None, Vec::new())?;
    Ok((reader.modules, reader.files))
}

/// One file alone, tests removed.
pub fn parse(path: &str, text: &str) -> Result<Parsed, ReadError> {
    let mut file = syn::parse_file(text).map_err(|source| ReadError::Syntax {
        path: path.to_owned(),
        line: source.span().start().line,
        source,
    })?;
    file.items = without_tests(file.items);
    Ok(Parsed { path: path.to_owned(), file })
}

/// The line of a place in the text, from 1.
pub fn line(span: Span) -> usize {
    span.start().line
}

struct Reader<'a> {
    top: &'a Path,
    modules: Modules,
    files: Vec<Parsed>,
}

impl Reader<'_> {
    /// `folder` is where the files of this module's own modules lie.
    fn file(
        &mut self,
        path: &Path,
        folder: &Path,
        parent: Option<usize>,
        place: Vec<String>,
    ) -> Result<usize, ReadError> {
        let shown = shown(self.top, path);
        let text = std::fs::read_to_string(path)
            .map_err(|source| ReadError::File { path: shown.clone(), source })?;
        let parsed = parse(&shown, &text)?;
        let index = self.module(&shown, &parsed.file.items, folder, parent, place)?;
        self.files.push(parsed);
        Ok(index)
    }

    fn module(
        &mut self,
        file: &str,
        items: &[Item],
        folder: &Path,
        parent: Option<usize>,
        place: Vec<String>,
    ) -> Result<usize, ReadError> {
        let index = self.modules.0.len();
        self.modules.0.push(Module { file: file.to_owned(), parent, place, ..Module::default() });
        for item in items {
            if let Item::Mod(child) = item {
                let name = child.ident.to_string();
                let place = [&self.modules.0[index].place[..], std::slice::from_ref(&name)].concat();
                let inside = folder.join(&name);
                let made = match &child.content {
                    Some((_, items)) => self.module(file, items, &inside, Some(index), place)?,
                    None => {
                        let files = [folder.join(format!("{name}.rs")), inside.join("mod.rs")];
                        let Some(path) = files.iter().find(|path| path.is_file()) else {
                            return Err(ReadError::NoModule { path: file.to_owned(), name });
                        };
                        self.file(path, &inside, Some(index), place)?
                    }
                };
                self.modules.0[index].children.insert(name, made);
            }
        }
        let mut contents = Contents(&mut self.modules.0[index]);
        for item in items.iter().filter(|item| !matches!(item, Item::Mod(_))) {
            if let Some(name) = defined(item) {
                contents.0.defines.insert(name);
            }
            contents.visit_item(item);
        }
        Ok(index)
    }
}

/// Fills a module with what its items take and name.
struct Contents<'m>(&'m mut Module);

impl<'ast> Visit<'ast> for Contents<'_> {
    // Also the `use` in a function's body: it is one of this file.
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        flatten(&item.tree, &mut Vec::new(), &mut |name, path| {
            self.0.imports.push(Import { name, path, line: line(item.span()) });
        });
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.named.extend(named::of_path(path));
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        named::in_tokens(mac.tokens.clone(), &mut self.0.named);
        syn::visit::visit_macro(self, mac);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            named::in_tokens(list.tokens.clone(), &mut self.0.named);
        }
    }
}

/// Every name of a `use` tree with its whole path.
fn flatten(tree: &UseTree, before: &mut Vec<String>, each: &mut impl FnMut(Option<String>, Vec<String>)) {
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, each);
            before.pop();
        }
        UseTree::Name(name) if name.ident == "self" => each(before.last().cloned(), before.clone()),
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            each(Some(name.clone()), [&before[..], &[name]].concat());
        }
        UseTree::Rename(rename) if rename.ident == "self" => {
            each(Some(rename.rename.to_string()), before.clone());
        }
        UseTree::Rename(rename) => {
            let path = [&before[..], &[rename.ident.to_string()]].concat();
            each(Some(rename.rename.to_string()), path);
        }
        UseTree::Glob(_) => each(None, before.clone()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, each)),
    }
}

fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn without_tests(items: Vec<Item>) -> Vec<Item> {
    let mut items: Vec<Item> = items.into_iter().filter(|item| !is_test(attributes(item))).collect();
    for item in &mut items {
        if let Item::Mod(module) = item
            && let Some((_, inner)) = &mut module.content
        {
            *inner = without_tests(std::mem::take(inner));
        }
    }
    items
}

/// Whether only tests see it: `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, ...))]`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            let mut names = Vec::new();
            named::words(list.tokens.clone(), &mut names);
            names.iter().any(|name| name == "test") && !names.iter().any(|name| name == "not")
        }
        _ => false,
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// A path as it is shown: from the top of the checkout, with `/`.
pub fn shown(top: &Path, path: &Path) -> String {
    path.strip_prefix(top).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// The modules of a root that is one file, for tests of the rules.
#[cfg(test)]
pub fn one(path: &str, text: &str) -> Modules {
    several(&[(path, text)])
}

/// The modules of the files of a folder, the first of which is the root.
#[cfg(test)]
pub fn several(files: &[(&str, &str)]) -> Modules {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    read(folder.path(), &folder.path().join(files[0].0)).unwrap().0
}
