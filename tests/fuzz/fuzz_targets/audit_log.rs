//! Any bytes as the entries of a log and as a writer's state.
#![no_main]

use cadenza_protocol::audit_log::{LogWriter, SaleRecord, verify_log};
use cadenza_protocol::secret::Secret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let entries = data.split(|b| *b == b'\n');
    let _ = verify_log(&[0; 16], &Secret::from_bytes([1; 32]), entries, &[]);
    if let Ok(writer) = LogWriter::resume(data) {
        assert_eq!(&writer.state()[..], data);
    }
    if let Ok(sale) = SaleRecord::from_bytes(data) {
        assert_eq!(sale.to_bytes(), data);
    }
});
