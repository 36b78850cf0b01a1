-- What hooks are told of one package: it goes with it, is erased with it, and changes when the API says what a new package is.
CREATE INDEX hook_deliveries_package ON hook_deliveries (account, package);
