//! The secure audit log as the licensing center receives it (O9, R2).

use cadenza_protocol::audit_log::{
    EntryKind, LogError, LogFile, LogReader, PreviewRecord, RefundRecord, SaleRecord, StampRecord,
    TakingRecord, verify_log,
};
use cadenza_protocol::secret::Secret;

use crate::alter::{MASKS, nothing_passes};
use crate::support::made::{LOG, log_secret, stamped_log};
use crate::support::samples::{preview, refund, sale, taking};
use crate::support::{Center, NOW};

#[test]
fn a_log_file_opens_entry_by_entry_and_goes_on_later() {
    // R2
    let (file, checkpoint) = stamped_log(&Center::new());
    let file = LogFile::from_bytes(&file.to_bytes()).unwrap();
    let mut reader = LogReader::new(file.log, log_secret());
    let first: Vec<_> = file.entries[..2].iter().map(|e| reader.accept(e).unwrap()).collect();
    assert_eq!((first[0].kind, first[1].kind), (EntryKind::Opened, EntryKind::Sale));
    assert_eq!(SaleRecord::from_bytes(&first[1].content).unwrap(), sale());
    let mut later = LogReader::resume(&reader.state()).unwrap();
    let third = later.accept(&file.entries[2]).unwrap();
    assert_eq!(PreviewRecord::from_bytes(&third.content).unwrap(), preview());
    let fourth = later.accept(&file.entries[3]).unwrap();
    let stamp = StampRecord::from_bytes(&fourth.content).unwrap();
    assert_eq!((stamp.entries, stamp.stamp.at), (3, NOW.plus_seconds(9)));
    later.accept(&file.entries[4]).unwrap();
    assert_eq!(later.checkpoint(), checkpoint);
}

#[test]
fn what_a_merchant_took_and_gave_back_is_read_as_it_was_entered() {
    // B3, R2
    assert_eq!(TakingRecord::from_bytes(&taking().to_bytes()).unwrap(), taking());
    assert_eq!(RefundRecord::from_bytes(&refund().to_bytes()).unwrap(), refund());
}

#[test]
fn every_altered_byte_and_every_cut_of_a_log_file_is_noticed() {
    // F5, R2: with the checkpoint that the licensing center holds; without one a cut between entries cannot be known
    let (file, checkpoint) = stamped_log(&Center::new());
    let bytes = file.to_bytes();
    let read = |bytes: &[u8], checkpoints: &[_]| {
        let file = LogFile::from_bytes(bytes)?;
        verify_log(&LOG, &log_secret(), file.entries.iter().map(Vec::as_slice), checkpoints)
            .and_then(|entries| if file.log == LOG { Ok(entries) } else { Err(LogError::TooLong) })
    };
    nothing_passes("log file", &bytes, &MASKS, &[], |bytes| read(bytes, &[checkpoint]).is_ok());
    let mut whole = vec![24];
    for entry in &file.entries {
        whole.push(whole.last().unwrap() + 4 + entry.len());
    }
    whole.pop();
    nothing_passes("log file, no checkpoint", &bytes, &MASKS, &whole, |bytes| read(bytes, &[]).is_ok());
}

#[test]
fn a_checkpoint_that_tells_another_story_is_noticed() {
    // R2
    let (file, genuine) = stamped_log(&Center::new());
    let entries = || file.entries.iter().map(Vec::as_slice);
    let mut other = genuine;
    other.running[0] ^= 1;
    assert_eq!(verify_log(&LOG, &log_secret(), entries(), &[other]), Err(LogError::Altered { entry: 4 }));
    let more = cadenza_protocol::audit_log::Checkpoint { entries: 9, ..genuine };
    let cut = Err(LogError::Cut { promised: 9, present: 5 });
    assert_eq!(verify_log(&LOG, &log_secret(), entries(), &[genuine, more]), cut);
    let stranger = verify_log(&LOG, &Secret::from_bytes([8; 32]), entries(), &[]);
    assert_eq!(stranger, Err(LogError::Altered { entry: 0 }));
}
