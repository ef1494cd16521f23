-- What is asked about holds and cases with each request, or each second, is found by an index.

CREATE INDEX holds_on_contractor ON holds (contractor) WHERE released_index IS NULL AND contractor IS NOT NULL;
CREATE INDEX holds_by_program ON holds (program, placed_index);

CREATE INDEX cases_by_opening ON cases (opened_index);
DROP INDEX cases_open;
CREATE INDEX cases_by_state ON cases (state, opened_index) WHERE state <> 'closed';

-- Withdrawn, and no case that a withdrawal opened is about it.
ALTER TABLE submissions ADD COLUMN case_due INTEGER NOT NULL DEFAULT 0 CHECK (case_due IN (0, 1));
UPDATE submissions SET case_due = 1 WHERE withdrawn = 1 AND NOT EXISTS (
    SELECT 1 FROM case_submissions JOIN cases ON cases.id = case_id
    WHERE submission = submissions.id AND channel = 'withdrawal');
DROP INDEX submissions_withdrawn;
CREATE INDEX submissions_case_due ON submissions (opened_index) WHERE case_due = 1;
