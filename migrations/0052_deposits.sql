-- What became of a deposit into the electronic vault was a note until now. An attempt that failed still is one.
UPDATE facts SET kind = 'deposit_failed' WHERE kind = 'noted' AND name = 'EDEPOSIT_FAILURE';
UPDATE facts SET kind = 'deposited' WHERE kind = 'noted' AND name = 'EDEPOSIT_SUCCESS';
