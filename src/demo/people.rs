//! Invented people, companies and addresses, drawn from small tables. Names are paired within one origin, so that they
//! read like names; addresses use only the domains reserved for examples.

use fastrand::Rng;

use super::package::Person;

/// An outsider; every call draws another.
pub(super) fn person(rng: &mut Rng) -> Person {
    let (firsts, lasts) = pick(rng, &NAMES);
    let (first, last) = (*pick(rng, firsts), *pick(rng, lasts));
    at_home(rng, first, last)
}

/// Somebody of the same family name.
pub(super) fn relative(rng: &mut Rng, of: &Person) -> Person {
    let origin = NAMES.iter().find(|(_, lasts)| lasts.contains(&of.last.as_str())).unwrap_or(&NAMES[0]);
    let first = *pick(rng, origin.0);
    at_home(rng, first, &of.last)
}

/// Gives a name an address.
fn at_home(rng: &mut Rng, first: &str, last: &str) -> Person {
    let (plain_first, plain_last) = (plain(first), plain(last));
    let initial: String = plain_first.chars().take(1).collect();
    let local = match rng.u32(0..10) {
        0..5 => format!("{plain_first}.{plain_last}"),
        5..7 => format!("{initial}.{plain_last}"),
        7..9 => format!("{plain_first}{plain_last}"),
        _ => format!("{plain_last}.{plain_first}"),
    };
    let domain = pick(rng, &["example.org", "example.org", "example.net", "example.com"]);
    Person { first: first.to_owned(), last: last.to_owned(), email: format!("{local}@{domain}") }
}

/// A company the firm deals with.
pub(super) fn company(rng: &mut Rng) -> &'static str {
    pick::<&str>(rng, &COMPANIES)
}

/// A house number and street.
pub(super) fn street(rng: &mut Rng) -> String {
    format!("{} {}", rng.u32(1..140), pick(rng, &STREETS))
}

/// One of several.
pub(super) fn pick<'t, T>(rng: &mut Rng, table: &'t [T]) -> &'t T {
    &table[rng.usize(0..table.len())]
}

/// Lower case without accents, blanks and apostrophes, as in an address.
fn plain(name: &str) -> String {
    let fold = |letter: char| match letter {
        'á' | 'à' | 'ã' | 'ä' | 'å' | 'â' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'é' | 'è' | 'ê' | 'ë' | 'ę' => 'e',
        'í' | 'ı' | 'î' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' => 'n',
        'ó' | 'ö' | 'ø' | 'ô' | 'õ' => 'o',
        'æ' => 'e',
        'ş' | 'ś' | 'š' => 's',
        'ú' | 'ü' => 'u',
        'ý' => 'y',
        'ž' | 'ż' => 'z',
        other => other,
    };
    let in_address = |letter: &char| letter.is_alphabetic() || *letter == '-';
    name.to_lowercase().chars().filter(in_address).map(fold).collect()
}

type Names = (&'static [&'static str], &'static [&'static str]);

const NAMES: [Names; 14] = [
    (
        &["Emma", "Oliver", "Grace", "Thomas", "Charlotte", "James", "Sophie", "Daniel"],
        &["Whitfield", "Hartley", "Marlowe", "Ashworth", "Pemberton", "Lockwood", "Bramley", "Thornbury"],
    ),
    (
        &["Lena", "Jonas", "Katharina", "Felix", "Birgit", "Matthias", "Ursula", "Stefan"],
        &["Weber", "Brandt", "Hoffmann", "Lindner", "Seidel", "Krämer", "Baumann", "Vogel"],
    ),
    (
        &["Camille", "Julien", "Élodie", "Antoine", "Margaux", "Thierry", "Hélène", "Luc"],
        &["Moreau", "Lefèvre", "Garnier", "Roussel", "Chevalier", "Blanchard", "Perrin", "Marchand"],
    ),
    (
        &["Lucía", "Javier", "Carmen", "Diego", "Marisol", "Andrés", "Elena", "Rafael"],
        &["Navarro", "Ortega", "Ibáñez", "Castillo", "Vega", "Molina", "Serrano", "Fuentes"],
    ),
    (
        &["Ana", "João", "Beatriz", "Tiago", "Marta", "Rui", "Inês", "Paulo"],
        &["Oliveira", "Souza", "Carvalho", "Teixeira", "Almeida", "Ribeiro", "Monteiro", "Barros"],
    ),
    (
        &["Giulia", "Marco", "Chiara", "Alessandro", "Francesca", "Davide", "Elisa", "Paolo"],
        &["Conti", "Moretti", "Galli", "Rinaldi", "Fontana", "Caruso", "Marchetti", "Bellini"],
    ),
    (
        &["Ingrid", "Lars", "Astrid", "Mikkel", "Sigrid", "Henrik", "Maja", "Søren"],
        &["Lindqvist", "Solberg", "Dahl", "Nyström", "Halvorsen", "Bergström", "Kjær", "Sandvik"],
    ),
    (
        &["Agnieszka", "Marek", "Kasia", "Piotr", "Zofia", "Tomasz", "Magdalena", "Jan"],
        &["Kowalczyk", "Zieliński", "Wójcik", "Mazur", "Nowak", "Krawczyk", "Dudek", "Sikora"],
    ),
    (
        &["Amara", "Kofi", "Adaeze", "Chidi", "Folake", "Kwame", "Ngozi", "Tunde"],
        &["Osei", "Okafor", "Mensah", "Adeyemi", "Nwosu", "Boateng", "Balogun", "Asante"],
    ),
    (
        &["Anjali", "Arjun", "Meera", "Vikram", "Kavita", "Rohan", "Sunita", "Nikhil"],
        &["Iyer", "Deshmukh", "Chatterjee", "Menon", "Kapoor", "Reddy", "Bhatt", "Srinivasan"],
    ),
    (
        &["Mei", "Wei", "Xiulan", "Jun", "Yan", "Hao", "Lin", "Qiang"],
        &["Zhang", "Chen", "Liu", "Huang", "Zhao", "Lin", "Xu", "Sun"],
    ),
    (
        &["Yuki", "Haruto", "Aiko", "Kenji", "Naomi", "Sota", "Emi", "Takeshi"],
        &["Tanaka", "Nakamura", "Kobayashi", "Mori", "Fujita", "Okada", "Hasegawa", "Ishii"],
    ),
    (
        &["Elif", "Emre", "Zeynep", "Mehmet", "Leyla", "Omar", "Nadia", "Karim"],
        &["Demir", "Yıldız", "Kaya", "Şahin", "Mansour", "Khoury", "Farouk", "Rahmani"],
    ),
    (
        &["Aoife", "Cian", "Niamh", "Declan", "Siobhán", "Rhys", "Catriona", "Ewan"],
        &["Gallagher", "Kavanagh", "Brennan", "O'Sullivan", "MacLeod", "Llewellyn", "Drummond", "Fitzgerald"],
    ),
];

const COMPANIES: [&str; 36] = [
    "Kestrel Bay Logistics",
    "Harrow & Pine",
    "Brightwater Foods",
    "Norrland Timber",
    "Tamarind Textiles",
    "Oakhurst Dental Group",
    "Vela Robotics",
    "Castellane Ceramics",
    "Silverbrook Farms",
    "Meridian Fleet Services",
    "Quillon Software",
    "Larkspur Hospitality",
    "Fjordlys Energy",
    "Copperfield Instruments",
    "Ashgrove Veterinary Partners",
    "Maris Shipping Agency",
    "Bluestone Aggregates",
    "Tessera Design Studio",
    "Wexcombe Brewery",
    "Pallas Diagnostics",
    "Rowan Street Architects",
    "Monteverde Coffee Importers",
    "Sable Point Insurance Brokers",
    "Halden Precision Parts",
    "Greenlea Nurseries",
    "Orsova Freight",
    "Juniper Lane Publishing",
    "Stonebridge Facilities",
    "Aurelio Vineyards",
    "Calder Valley Textiles",
    "Nimbus Cold Storage",
    "Thistle & Rye Bakeries",
    "Valparo Marine Supplies",
    "Eastmoor Solar",
    "Lindenhof Pharmacy",
    "Pemba Spice Trading",
];

const STREETS: [&str; 14] = [
    "Harbour Street",
    "Mill Lane",
    "Station Road",
    "Orchard Row",
    "Canal Walk",
    "Chapel Hill",
    "Foundry Yard",
    "Linden Avenue",
    "Market Square",
    "Weavers' Court",
    "Riverside Drive",
    "Abbey Close",
    "Granary Wharf",
    "Quarry Road",
];

#[cfg(test)]
mod tests {
    #[test]
    fn addresses_are_plain_and_reserved() {
        let mut rng = fastrand::Rng::with_seed(3);
        for _ in 0..2_000 {
            let person = super::person(&mut rng);
            let (local, domain) = person.email.split_once('@').unwrap();
            assert!(
                local.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'-'),
                "{}",
                person.email
            );
            assert!(["example.org", "example.net", "example.com"].contains(&domain), "{}", person.email);
        }
    }
}
