-- Who had taken an alert on before whoever did last, the first one first: JSON of [at, by, why]; NULL: nobody.
ALTER TABLE alerts ADD COLUMN taken_before TEXT;
