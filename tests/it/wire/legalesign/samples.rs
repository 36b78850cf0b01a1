//! Every line of the sample file: the verdict on its sender, and exactly the facts that the reference says.

use crate::wire::legalesign::{account, delivery_of, line, samples};
use signboard::provider::{Slot, Verdict, Verified};

/// A line for the verdict, and one for each fact: about, event, who, time in seconds, name.
const TELLS: &str = r#"batch.all: verified
  signer d7553d92 | Stands(Signed) | d7553d92 | 1742454592 | signer status 40
  document 99344324 | Completed | - | 1742454592 | document status 30
batch.all signer 4: verified
  signer 81c3a4a8 | Stands(Unsent) | 81c3a4a8 | 1743498004 | signer status 4
batch.all signer 5: verified
  signer 81c3a4a8 | Stands(Scheduled) | 81c3a4a8 | 1743498005 | signer status 5
batch.all signer 10: verified
  signer 81c3a4a8 | Stands(Sent) | 81c3a4a8 | 1743498010 | signer status 10
batch.all signer 15: verified
  signer 81c3a4a8 | Stands(MailOpened) | 81c3a4a8 | 1743498015 | signer status 15
batch.all signer 20: verified
  signer 81c3a4a8 | Stands(Visited) | 81c3a4a8 | 1743498020 | signer status 20
batch.all signer 30: verified
  signer 81c3a4a8 | Stands(Filled) | 81c3a4a8 | 1743498030 | signer status 30
batch.all signer 35: verified
  signer 81c3a4a8 | Stands(FilledButSignature) | 81c3a4a8 | 1743498035 | signer status 35
batch.all signer 39: verified
  signer 81c3a4a8 | Stands(AwaitsWitness) | 81c3a4a8 | 1743498039 | signer status 39
batch.all signer 40: verified
  signer 81c3a4a8 | Stands(Signed) | 81c3a4a8 | 1743498040 | signer status 40
batch.all signer 50: verified
  signer 81c3a4a8 | Stands(Downloaded) | 81c3a4a8 | 1743498050 | signer status 50
batch.all signer 60: verified
  signer 81c3a4a8 | Refused { reason: None } | 81c3a4a8 | 1743498059 | signer status 60
batch.all document 10: verified
  document fa802649 | Created | - | 1743584410 | document status 10
batch.all document 20: verified
  document fa802649 | Sent | - | 1743584420 | document status 20
batch.all document 30: verified
  document fa802649 | Completed | - | 1743584430 | document status 30
batch.all document 40: verified
  document fa802649 | Cancelled | - | 1743584440 | document status 40
batch.all document 50: verified
  document fa802649 | Declined { reason: None } | - | 1743584450 | document status 50
batch.all document 100: verified
  document fa802649 | Completed | - | 1743584700 | document status 30
  document fa802649 | PdfReady | - | 1743584704 | document status 100
batch.all duplicate delivery: verified
  document 94346a0a | Created | - | 1746525600 | document status 10
  signer e600bd12 | Stands(Unsent) | e600bd12 | 1746525600 | signer status 4
  signer e600bd12 | Stands(Scheduled) | e600bd12 | 1746525600 | signer status 5
  signer e600bd12 | Stands(Sent) | e600bd12 | 1746525602 | signer status 10
  signer e600bd12 | Stands(MailOpened) | e600bd12 | 1746525671 | signer status 15
  signer e600bd12 | Stands(Visited) | e600bd12 | 1746525700 | signer status 20
  signer e600bd12 | Stands(FilledButSignature) | e600bd12 | 1746525785 | signer status 35
  signer e600bd12 | Stands(Filled) | e600bd12 | 1746525786 | signer status 30
  document 94346a0a | Sent | - | 1746525786 | document status 20
  signer e600bd12 | Stands(AwaitsWitness) | e600bd12 | 1746525786 | signer status 39
  signer e600bd12 | Stands(Signed) | e600bd12 | 1746525930 | signer status 40
  document 94346a0a | Completed | - | 1746525930 | document status 30
  document 94346a0a | PdfReady | - | 1746525933 | document status 100
  signer e600bd12 | Stands(Downloaded) | e600bd12 | 1746525959 | signer status 50
realtime.signed: unsigned
  document 99344324 | PdfReady | - | - | signed
  document 99344324 | Described(Tenancy agreement 42; tenancy-2025-0042; lettings-team; ) | - | - | signed
realtime.signed with json_signed: verified
  document 99344324 | PdfReady | - | - | signed
  document 99344324 | Described(Tenancy agreement 42; tenancy-2025-0042; lettings-team; ) | - | - | signed
realtime.sent (legacy upon-event): verified
  document 6fb8487c | Sent | - | - | sent
  document 6fb8487c | Described(Offer letter; tenancy-2025-0042; lettings-team; ) | - | - | sent
realtime.rejected (legacy upon-event): verified
  document 712301bd | Declined { reason: None } | - | - | rejected
  document 712301bd | Described(Offer letter; tenancy-2025-0042; lettings-team; ) | - | - | rejected
realtime-json document.created: verified
  document 94346a0a | Created | - | 1746525600 | document.created
  document 94346a0a | Described(Mietvertrag Müller; tenancy-2025-0042; lettings-team; e600bd12 Zoë Müller <zoë@example.test>) | - | 1746525600 | document.created
realtime-json recipient.emailOpened: verified
  document 94346a0a | Stands(MailOpened) | e600bd12 | 1746525671 | recipient.emailOpened
  document 94346a0a | Described(Mietvertrag Müller; -; lettings-team; e600bd12 Zoë Müller <zoë@example.test>) | - | 1746525671 | recipient.emailOpened
realtime-json recipient.visiting: verified
  document 94346a0a | Stands(Visited) | e600bd12 | 1746525700 | recipient.visiting
  document 94346a0a | Described(Mietvertrag Müller; -; lettings-team; e600bd12 Zoë Müller <zoë@example.test>) | - | 1746525700 | recipient.visiting
realtime-json recipient.completed: verified
  document 94346a0a | Stands(Signed) | e600bd12 | 1746525930 | recipient.completed
  document 94346a0a | Described(Mietvertrag Müller; -; lettings-team; e600bd12 Zoë Müller <zoë@example.test>) | - | 1746525930 | recipient.completed
realtime-json document.finalPdfCreated: verified
  document 94346a0a | PdfReady | - | 1746525933 | document.finalPdfCreated
  document 94346a0a | Described(Mietvertrag Müller; tenancy-2025-0042; lettings-team; e600bd12 Zoë Müller <zoë@example.test>) | - | 1746525933 | document.finalPdfCreated
  document 94346a0a | Completed | - | 1746525933 | document.finalPdfCreated, document status 30
  document 94346a0a | Stands(Signed) | e600bd12 | 1746525933 | document.finalPdfCreated, signer status 40
realtime-json recipient.rejected: verified
  document 712301bd | Refused { reason: Some("Salary differs from what we agreed") } | e0a7a89d | 1746526500 | recipient.rejected
  document 712301bd | Described(Offer letter; -; lettings-team; e0a7a89d Ana Silva <ana@example.test>) | - | 1746526500 | recipient.rejected
realtime-json document.rejected: verified
  document 712301bd | Declined { reason: Some("Salary differs from what we agreed") } | e0a7a89d | 1746526501 | document.rejected
  document 712301bd | Described(Offer letter; tenancy-2025-0042; lettings-team; e0a7a89d Ana Silva <ana@example.test>) | - | 1746526501 | document.rejected
realtime-json recipient.bounced: verified
  document ff6b9451 | Bounced(Returned) | 44db77aa | 1746526600 | recipient.bounced: 550 5.1.1 mailbox unavailable
  document ff6b9451 | Described(NDA; -; lettings-team; 44db77aa Jo Łoś <jo@example.test>) | - | 1746526600 | recipient.bounced
"#;

#[test]
fn every_sample_tells_what_the_reference_says() {
    let provider = account();
    let mut found = String::new();
    for sample in samples() {
        let delivery = delivery_of(&sample);
        let verdict = match provider.verify(&delivery) {
            Verdict::Verified(_, Slot::Current) => "verified",
            Verdict::Unsigned(_) => "unsigned",
            other => panic!("{}: {other:?}", sample["event"]),
        };
        found += &format!("{}: {verdict}\n", sample["event"].as_str().unwrap());
        for report in provider.parse(Verified::before(&delivery.body)) {
            found += &format!("  {}\n", line(&report.unwrap()));
        }
    }
    for (number, (found, told)) in found.lines().zip(TELLS.lines()).enumerate() {
        assert_eq!(found, told, "line {}", number + 1);
    }
    assert_eq!(found, TELLS);
}

#[test]
fn a_repeat_is_the_same_facts() {
    let provider = account();
    let mut prints = std::collections::BTreeSet::new();
    let mut count = 0;
    for sample in samples() {
        let body = sample["raw_body"].as_str().unwrap().as_bytes();
        let once = provider.parse(Verified::before(body));
        assert_eq!(once, provider.parse(Verified::before(body)));
        count += once.len();
        prints.extend(once.into_iter().map(|it| it.unwrap().fingerprint));
    }
    // The form of 'signed' is there twice, once with its signature: two facts that come again.
    assert_eq!(prints.len(), count - 2);
}
