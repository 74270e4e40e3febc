-- Up to when what was kept of a kind of data was deleted by rule; before `since` it is not known any more, which is not nothing.
CREATE TABLE kept_since (kind TEXT NOT NULL, since TIMESTAMP NOT NULL, deleted_at TIMESTAMP NOT NULL);

-- Where the audit trail ended, remembered outside of its files: see docs/decisions/0022.
CREATE TABLE audit_anchor (n BIGINT NOT NULL, hash TEXT NOT NULL, known_at TIMESTAMP NOT NULL);
