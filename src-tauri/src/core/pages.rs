//! What the pages show, converted: the store with what is owned of it, the cart, orders and deliveries, the library with its sleeves.

use cadenza_player::disc::draft::DiscDraft;
use cadenza_player::event::Delivery;
use cadenza_player::library::playlist::Playlist as CorePlaylist;
use cadenza_player::library::selection::Selected;
use cadenza_player::library::{TrackRecord, groups};
use cadenza_player::store::orders::PastOrder;
use cadenza_protocol::id::MediaId;
use cadenza_protocol::shop;

use super::Core;
use crate::convert;
use crate::ipc::{
    AlbumCard, AppError, AppState, Cart, DiscPlan, Download, LibraryAlbum, LibraryArtist, LibraryTrack,
    Order, Playlist, PlaylistId, PlaylistPage, Sleeve, StoreAlbum, StoreState, StoreTrack, TrackPage,
    TrackQuery,
};
use crate::sleeve::{self, SleeveColour};

impl Core {
    /// Everything the first page needs.
    pub fn app_state(&self, version: String) -> AppState {
        AppState {
            version,
            passport: convert::phase(&self.player),
            owner: convert::owner(&self.player),
            owner_name: convert::owner_name(&self.player),
            store: self.store_state(),
            settings: convert::settings(&self.player.settings()),
            library_tracks: convert::count(self.player.library().len()),
            cart_items: convert::count(self.player.cart().len()),
            arriving: convert::count(self.player.arriving()),
        }
    }

    /// Whether the store answers.
    pub fn store_state(&self) -> StoreState {
        convert::store_state(self.player.store_watch().now(), self.bundled.is_some())
    }

    /// An album as it stands in a grid.
    pub fn album_card(&self, card: &shop::AlbumCard) -> AlbumCard {
        convert::album_card(card, self.player.owned_of_album(&card.id))
    }

    /// An album on sale with its tracks.
    pub fn store_album(&self, page: shop::AlbumPage) -> StoreAlbum {
        StoreAlbum {
            card: self.album_card(&page.card),
            currency: page.currency,
            tracks: page.tracks.iter().map(|offer| self.store_track(offer)).collect(),
            liner_notes: page.liner_notes,
            credits: page.credits,
            biography: page.biography,
            label: page.label,
            copyright: page.copyright,
        }
    }

    /// A track on sale.
    pub fn store_track(&self, offer: &shop::TrackOffer) -> StoreTrack {
        convert::store_track(offer, self.player.ownership(offer.media_id))
    }

    /// The cart.
    pub async fn cart(&self) -> Result<Cart, AppError> {
        Ok(convert::cart(&self.player.basket().await?))
    }

    /// A past order.
    pub fn order(&self, past: &PastOrder) -> Order {
        let standing = self.player.order_standing(&past.order);
        convert::order(past, standing, |id| self.sleeve_on_sale(id))
    }

    /// A delivery.
    pub fn download(&self, delivery: &Delivery) -> Download {
        convert::download(delivery, self.sleeve_on_sale(delivery.media_id))
    }

    /// The cover of a track on sale, with its colour where the catalogue was asked.
    pub fn sleeve_on_sale(&self, id: MediaId) -> Sleeve {
        let offer = self.player.known_offer(id);
        let (hue, chroma) =
            offer.map_or((SleeveColour::NONE.hue, 0), |offer| (offer.hue, offer.chroma_milli));
        sleeve::of_store(Some(&id.to_string()), hue, chroma)
    }

    /// A track of the library as it stands in a list.
    pub fn library_track(&self, track: &TrackRecord) -> LibraryTrack {
        convert::library_track(
            track,
            self.sleeve_of(track),
            convert::left(self.player.playable_still(track)),
            convert::left(self.player.recordable(track)),
            self.player.library().plays(track.id),
        )
    }

    /// The cover of a track of the library.
    pub fn sleeve_of(&self, track: &TrackRecord) -> Sleeve {
        self.sleeves.of_track(track)
    }

    /// A part of a list.
    pub fn track_page(&self, list: &Selected, query: &TrackQuery) -> TrackPage {
        let shown = list.tracks.iter().skip(query.offset as usize).take(query.rows());
        convert::track_page(list, shown.map(|track| self.library_track(track)).collect())
    }

    /// An album of the library.
    pub fn library_album(&self, album: &groups::Album) -> LibraryAlbum {
        let offer = album.first.media_id().and_then(|id| self.player.known_offer(id));
        convert::library_album(album, offer, self.sleeve_of(&album.first))
    }

    /// An artist of the library.
    pub fn library_artist(&self, artist: &groups::Artist) -> LibraryArtist {
        convert::library_artist(artist, self.sleeve_of(&artist.first))
    }

    /// A playlist as it stands in a list.
    pub fn playlist_card(&self, list: &CorePlaylist) -> Playlist {
        let tracks = self.player.tracks_of(list);
        convert::playlist(list, &tracks, tracks.first().map(|track| self.sleeve_of(track)))
    }

    /// A playlist with its tracks.
    pub fn playlist_page(&self, id: &PlaylistId) -> Result<PlaylistPage, AppError> {
        let (list, tracks) = self.player.playlist(&id.0)?;
        Ok(PlaylistPage {
            playlist: self.playlist_card(&list),
            tracks: tracks.iter().map(|track| self.library_track(track)).collect(),
        })
    }

    /// A disc on paper.
    pub fn disc_plan(&self, draft: &DiscDraft) -> DiscPlan {
        convert::disc_plan(draft, |track| {
            (self.sleeve_of(track), convert::left(self.player.recordable(track)))
        })
    }
}
