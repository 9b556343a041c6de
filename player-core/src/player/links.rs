//! What a `cadenza:` link would do, for a person to say yes or no to (requirement B12).

use super::Player;
use super::deliveries::order_of;
use crate::store::link::{Link, LinkQuestion, Wanted};

impl Player {
    /// What is asked before a link is followed. Asks nobody: it says what is known here.
    pub fn link_question(&self, link: &Link) -> LinkQuestion {
        let store = self.store().ok();
        let wanted = match link {
            Link::Preview(media_id) => {
                let title = self.known_offer(*media_id).map(|offer| offer.title);
                Wanted::Clip { media_id: *media_id, title }
            }
            Link::Redeem(url) => {
                let known = order_of(url).and_then(|id| self.0.orders.order(&id));
                let titles = |past: crate::store::orders::PastOrder| {
                    past.order.items.into_iter().map(|item| item.title).collect()
                };
                Wanted::Order { titles: known.map(titles).unwrap_or_default() }
            }
        };
        let named = match link {
            Link::Redeem(url) => url.host_str(),
            Link::Preview(_) => None,
        };
        let ours = store.as_ref().and_then(|client| client.address().store_url.host_str());
        let elsewhere = named.filter(|named| Some(*named) != ours).map(str::to_owned);
        LinkQuestion { wanted, store: store.as_ref().map(|client| client.address().name()), elsewhere }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::PlayerConfig;
    use crate::home::HomeFolder;

    // B12
    #[test]
    fn a_link_is_read_without_a_store_and_names_what_it_wants_and_where_it_points() {
        let folder = tempfile::tempdir().unwrap();
        let player = Player::open(PlayerConfig::new(HomeFolder::at(folder.path().to_owned()))).unwrap();
        let url = Url::parse("https://elsewhere.example/orders/0123456789abcdef/voucher").unwrap();
        let question = player.link_question(&Link::Redeem(url));
        assert_eq!(question.wanted, Wanted::Order { titles: vec![] });
        assert_eq!((question.store, question.elsewhere.as_deref()), (None, Some("elsewhere.example")));
        assert!(player.deliveries().is_empty(), "nothing was taken");
    }
}
