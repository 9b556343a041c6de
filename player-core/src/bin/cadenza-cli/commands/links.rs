//! `cadenza:` links on the command line: a terminal asks before one is followed (B12); without one, `--yes` says so.

use cadenza_player::store::{Link, LinkQuestion, Wanted};
use cadenza_player::{Code, Failure, Player};

use crate::prompt;

/// A link, if what was given is one.
pub fn read(given: &str) -> Result<Option<Link>, Failure> {
    if !given.starts_with("cadenza:") {
        return Ok(None);
    }
    let unknown = || other("this link is none that Cadenza knows: copy it whole from the page it came from");
    Link::parse(given).map(Some).ok_or_else(unknown)
}

/// Goes on only when the person said yes.
pub fn confirm(player: &Player, link: &Link, yes: bool) -> Result<(), Failure> {
    if yes || prompt::agrees(&in_words(&player.link_question(link)))? {
        return Ok(());
    }
    Err(Failure::new(Code::Cancelled, "the link was not followed: nothing was contacted and nothing fetched"))
}

/// A link that is no use here.
pub fn other(why: &str) -> Failure {
    Failure::new(Code::LinkUnknown, why)
}

fn in_words(question: &LinkQuestion) -> String {
    let store = question.store.as_deref().unwrap_or("a store that is not named yet (--store)");
    let wish = match &question.wanted {
        Wanted::Clip { media_id, title } => {
            let what = title.clone().unwrap_or_else(|| format!("track {media_id}"));
            format!("play the clip of {what}, from {store}")
        }
        Wanted::Order { titles } if titles.is_empty() => {
            format!("fetch what an order bought from {store} into your library")
        }
        Wanted::Order { titles } => format!("fetch {} from {store} into your library", titles.join(", ")),
    };
    let elsewhere = question.elsewhere.as_ref();
    let elsewhere = elsewhere.map(|host| format!(" The link itself names {host}, which is not asked."));
    format!("This link wants to {wish}.{} Follow it?", elsewhere.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    // B12
    #[test]
    fn the_question_names_the_store_what_would_be_fetched_and_where_the_link_points() {
        let titles = vec!["Largo".into(), "Danse".into()];
        let question = LinkQuestion {
            wanted: Wanted::Order { titles },
            store: Some("store.example:8443".into()),
            elsewhere: Some("elsewhere.example".into()),
        };
        let said = in_words(&question);
        for word in ["Largo, Danse", "store.example:8443", "names elsewhere.example, which is not asked"] {
            assert!(said.contains(word), "{said}");
        }
    }

    #[test]
    fn a_file_is_no_link_and_a_link_that_is_not_ours_is_refused() {
        assert_eq!(read("order.cadvoucher").unwrap(), None);
        assert_eq!(read("cadenza://burn/all").unwrap_err().code, Code::LinkUnknown);
    }
}
