-- What-if scenarios (选址推演方案): every save is a version, nothing is overwritten. None of the twin's own questions reads this.
-- base_at: the instant of the twin a scenario builds on; edits: JSON, see twin_model/scenarios.py; owner: the account that made it.
CREATE TABLE scenario (
    scenario_id TEXT NOT NULL, community_id TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, base_at TIMESTAMP NOT NULL,
    profile TEXT NOT NULL, edits TEXT NOT NULL, withdrawn BOOLEAN NOT NULL, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP);
