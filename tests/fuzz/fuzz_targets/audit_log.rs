//! A log on its way to the licensing center, the records in it, and the state that its two ends keep.
#![no_main]

use cadenza_fuzz::center;
use cadenza_protocol::audit_log::{
    EntryKind, LogFile, LogReader, LogWriter, PreviewRecord, RefundRecord, SaleRecord, StampRecord, TakingRecord,
    verify_log,
};
use cadenza_protocol::secret::Secret;
use libfuzzer_sys::fuzz_target;

const LOG: [u8; 16] = [9; 16];

fn secret() -> Secret<32> {
    Secret::from_bytes([7; 32])
}

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    match which % 5 {
        0 => {
            let Ok(file) = LogFile::from_bytes(rest) else { return };
            assert_eq!(file.to_bytes(), rest);
            let entries = file.entries.iter().map(Vec::as_slice);
            if let Ok(opened) = verify_log(&LOG, &secret(), entries, &[]) {
                assert_eq!(opened.len(), file.entries.len());
            }
        }
        1 => {
            if let Ok(sale) = SaleRecord::from_bytes(rest) {
                assert_eq!(sale.to_bytes(), rest);
            }
            if let Ok(preview) = PreviewRecord::from_bytes(rest) {
                assert_eq!(preview.to_bytes(), rest);
            }
            if let Ok(taking) = TakingRecord::from_bytes(rest) {
                assert_eq!(taking.to_bytes(), rest);
            }
            if let Ok(stamp) = StampRecord::from_bytes(rest) {
                assert_eq!(stamp.to_bytes(), rest);
                let _ = stamp.verify(LOG, center::root());
            }
            if let Ok(refund) = RefundRecord::from_bytes(rest) {
                assert_eq!(refund.to_bytes(), rest);
            }
        }
        2 => {
            if let Ok(writer) = LogWriter::resume(rest) {
                assert_eq!(&writer.state()[..], rest);
            }
            if let Ok(reader) = LogReader::resume(rest) {
                assert_eq!(&reader.state()[..], rest);
            }
        }
        3 => written_and_read(rest),
        // One entry alone, at the place where it belongs.
        _ => {
            let mut reader = LogReader::new(LOG, secret());
            let mut writer = LogWriter::new(LOG, secret());
            let before = reader.state();
            assert_eq!(reader.accept(rest).is_ok(), writer.skip(rest).is_ok());
            assert_eq!(reader.checkpoint(), writer.checkpoint());
            assert!(reader.checkpoint().entries > 0 || reader.state() == before);
        }
    }
});

/// A writer enters whatever it is told, in pieces of the first byte's length; the reader gets the same out.
fn written_and_read(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first() else { return };
    let contents: Vec<&[u8]> = rest.chunks(usize::from(*length) + 1).take(64).collect();
    let mut writer = LogWriter::new(LOG, secret());
    let kinds =
        [EntryKind::Opened, EntryKind::Sale, EntryKind::Preview, EntryKind::Closed].into_iter().cycle();
    let entry = |(kind, content): (EntryKind, &&[u8])| writer.append(kind, content).expect("short enough");
    let entries: Vec<Vec<u8>> = kinds.zip(&contents).map(entry).collect();
    let file = LogFile { log: LOG, entries };
    let read = LogFile::from_bytes(&file.to_bytes()).expect("what was written is read");
    assert_eq!(read, file);
    let opened = verify_log(&LOG, &secret(), read.entries.iter().map(Vec::as_slice), &[writer.checkpoint()]);
    let opened = opened.expect("a whole log is genuine");
    assert!(opened.iter().map(|e| &e.content[..]).eq(contents));
}
