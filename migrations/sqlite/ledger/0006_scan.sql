-- Which submissions the service has searched since their contractor last attested to them.

ALTER TABLE submissions ADD COLUMN scan_index INTEGER; -- last scan by the service

-- Submissions that wait for one: complete, and attested to after the last. Every bit of attested is 127.
CREATE INDEX submissions_unscanned ON submissions (opened_index) WHERE
    attested = 127 AND withdrawn = 0 AND coalesce(scan_index, -1) < attested_index;
