//! What a player lives through: playing, seeking, pausing, the next track, UDP, loss, a dead server, refusals.

use super::*;

// V4, P5
#[test]
fn the_first_sound_is_one_round_trip_after_the_connection_and_every_packet_arrives_once() {
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    assert_eq!(pair.packets(), (0..500).collect::<Vec<u16>>());
    assert!(pair.first_sound.unwrap() < Duration::from_millis(102), "{:?}", pair.first_sound);
    assert_eq!(pair.sounds[0].at, -312);
    assert_eq!(pair.sounds[1].at, 648);
    let (_, first) = &pair.events[0];
    assert!(matches!(first, ClientEvent::Described(told) if told.length == Npt(500 * 960 - 312)));
    // The last packet came two seconds ahead of the ear, not all at once.
    assert!(pair.now - pair.start > Duration::from_secs(7));
}

// V4: Query Time, Nearest Time, Transport
#[test]
fn a_seek_lands_on_the_nearest_time_and_nothing_of_the_old_place_is_heard() {
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.sounds.len() > 20).unwrap();
    pair.sounds.clear();
    pair.client.seek(Npt::from_millis(8_000), pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    let nearest = Npt(400 * 960 - 312);
    assert!(pair.saw(&ClientEvent::Nearest(Nearest { time: nearest, bytes_to_end: 1_000 })));
    assert!(pair.saw(&ClientEvent::Playing { from: nearest, to: Npt(500 * 960 - 312), anew: true }));
    assert_eq!(pair.packets(), (396..500).collect::<Vec<u16>>()); // 80 ms before it, to settle the decoder
    assert_eq!(pair.sounds[4].at, i64::try_from(nearest.0).unwrap());
}

// V4: a negative time
#[test]
fn a_pause_stops_the_packets_and_resuming_misses_none() {
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.sounds.len() > 150).unwrap();
    pair.client.pause(pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::Paused)).unwrap();
    let before = pair.sounds.len();
    pair.run_for(Duration::from_secs(50)).unwrap();
    assert_eq!(pair.sounds.len(), before, "packets came while paused");
    pair.client.resume(pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    assert_eq!(pair.packets(), (0..500).collect::<Vec<u16>>());
}

// V6
#[test]
fn the_free_image_is_fetched_over_the_same_session_while_it_plays() {
    let file: Vec<u8> = (0..300_000_u32).flat_map(|n| n.to_be_bytes()).collect();
    let mut pair = Pair::new(CLEAN, |_| {});
    let mut image = OpusImage::new(312);
    for _ in 0..500 {
        image.push(&[0xfc, 0, 0]).unwrap();
    }
    image.offer_file(file.clone());
    pair.preview =
        Arc::new(Preview::new(Description::example(), Arc::new(image), Npt::ZERO, Npt(u64::MAX)).unwrap());
    pair.run_until(|pair| pair.saw(&ClientEvent::Ready)).unwrap();
    pair.client.fetch_free_data(pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    let mut got = Vec::new();
    for (_, event) in &pair.events {
        if let ClientEvent::FreeData { offset, total, piece } = event {
            assert_eq!((*offset, *total), (got.len() as u64, file.len() as u64));
            got.extend_from_slice(piece);
        }
    }
    assert!(got == file, "{} of {} bytes", got.len(), file.len());
    assert_eq!(pair.sounds.len(), 500);
}

// V6
#[test]
fn a_server_without_the_file_says_so() {
    let mut pair = Pair::new(CLEAN, |options| options.from = None);
    pair.run_until(|pair| pair.saw(&ClientEvent::Ready)).unwrap();
    pair.client.fetch_free_data(pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::NoFreeData)).unwrap();
    assert!(pair.sounds.is_empty());
}

// V3
#[test]
fn a_teardown_releases_the_stream_and_the_connection_carries_the_next_track() {
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.sounds.len() > 150).unwrap();
    let playing = pair.now;
    pair.client.teardown(pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::TornDown)).unwrap();
    let Some(ServerAction::Release { played, image, end, .. }) = pair.actions.last() else {
        panic!("no release: {:?}", pair.actions)
    };
    assert_eq!((image.as_str(), *end), ("preview-96", StreamEnd::Completed));
    assert!(played.as_duration() <= playing - pair.start + Duration::from_millis(50));
    assert!(played.as_millis() > 900);

    pair.events.clear();
    pair.sounds.clear();
    let url = address().to_url("192.0.2.1", 554, true).unwrap();
    pair.client.open(url, Npt::ZERO, pair.now);
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    assert_eq!(pair.packets(), (0..500).collect::<Vec<u16>>());
}

// V8
#[test]
fn udp_plays_after_the_proof_and_only_to_where_it_came_from() {
    let mut pair = Pair::new(CLEAN, |options| options.wish = Wish::Udp(CLIENT_PORT));
    pair.client_address = (PEER, 41_000).into(); // a router's port, not the one in the header
    pair.run_until(|pair| pair.saw(&ClientEvent::Ended)).unwrap();
    assert_eq!(pair.packets(), (0..500).collect::<Vec<u16>>());
}

// V8
#[test]
fn udp_sends_nothing_while_the_proof_comes_from_another_address() {
    let mut pair = Pair::new(CLEAN, |options| options.wish = Wish::Udp(CLIENT_PORT));
    pair.client_address = ([192, 0, 2, 66], CLIENT_PORT).into();
    let error = pair.run_until(|_| false).unwrap_err();
    assert_eq!(error, ClientError::NoDatagrams);
    assert_eq!(pair.datagrams_sent, 0);
}

// V7
#[test]
fn loss_reordering_and_duplication_cost_only_what_was_lost() {
    for lost_percent in [0, 2, 20, 60] {
        let network =
            Network { lost_percent, doubled_percent: 10, jitter: Duration::from_millis(90), ..CLEAN };
        let mut pair = Pair::new(network, |options| options.wish = Wish::Udp(CLIENT_PORT));
        match pair.run_until(|pair| pair.saw(&ClientEvent::Ended)) {
            Ok(()) => {}
            // The goodbye itself can be lost, with the last packet: then the silence says so.
            Err(error) => assert_eq!((error, lost_percent > 0), (ClientError::Silent, true)),
        }
        let packets = pair.packets();
        assert!(packets.is_sorted_by(|a, b| a < b), "{lost_percent} % lost: out of order or doubled");
        let expected = 500 * (100 - usize::try_from(lost_percent).unwrap()) / 100;
        assert!(packets.len().abs_diff(expected) < 60, "{lost_percent} % lost, {} arrived", packets.len());
        let counts = pair.client.counts();
        assert!(counts.reordered > 20 && counts.duplicated > 5, "{counts:?}");
        for (a, b) in pair.sounds.iter().zip(pair.sounds.iter().skip(1)) {
            assert!(b.at >= a.at + i64::from(a.frames));
        }
    }
}

// V7
#[test]
fn a_dead_server_is_an_error_within_the_patience_and_never_a_hang() {
    let mut pair = Pair::new(CLEAN, |_| {});
    pair.server_is_dead = true;
    assert_eq!(pair.run_until(|_| false), Err(ClientError::NoAnswer));
    assert!(pair.now - pair.start < Duration::from_millis(5_100));

    let mut pair = Pair::new(CLEAN, |_| {});
    pair.run_until(|pair| pair.sounds.len() > 20).unwrap();
    let died = pair.now;
    pair.server_is_dead = true;
    assert_eq!(pair.run_until(|_| false), Err(ClientError::Silent));
    assert!(pair.now - died < Duration::from_millis(5_500));
}

// V2
#[test]
fn each_refusal_reaches_the_player_as_its_own_message() {
    for (kind, expected) in [
        (RefusalKind::UnknownMedia, ClientError::UnknownMedia),
        (RefusalKind::Forbidden, ClientError::Forbidden),
        (RefusalKind::Expired, ClientError::VoucherExpired),
        (RefusalKind::NotEnoughBandwidth, ClientError::NotEnoughBandwidth),
        (RefusalKind::NoStream, ClientError::NoStream),
    ] {
        let mut pair = Pair::new(CLEAN, |_| {});
        pair.refusal = Some(Refusal { kind, message: "no".into() });
        assert_eq!(pair.run_until(|_| false), Err(expected));
    }
}
