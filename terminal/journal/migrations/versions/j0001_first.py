"""The first shape of the journal: entries and their outcomes, shifts, what was just enrolled here, what is reserved, and what head office told this till."""

from alembic import op

revision = "j0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE entries (
        seq INTEGER PRIMARY KEY CHECK (seq >= 1),
        event_id TEXT NOT NULL CONSTRAINT uq_entries_event UNIQUE,
        kind TEXT NOT NULL,
        member_id TEXT,
        shift_id TEXT NOT NULL,
        occurred_at TEXT NOT NULL,
        hash TEXT NOT NULL,
        raw BLOB NOT NULL,
        attachment BLOB
    )""",
    "CREATE INDEX ix_entries_member ON entries (member_id, seq) WHERE member_id IS NOT NULL",
    "CREATE INDEX ix_entries_shift ON entries (shift_id, seq)",
    # An attachment may be destroyed (H14); nothing else of an entry ever changes.
    """CREATE TRIGGER entries_never_change BEFORE UPDATE OF seq, event_id, kind, member_id, shift_id, occurred_at, hash, raw
        ON entries BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TABLE holes (
        seq INTEGER PRIMARY KEY,
        document TEXT NOT NULL,
        CONSTRAINT fk_holes_entry FOREIGN KEY (seq) REFERENCES entries (seq)
    )""",
    """CREATE TABLE outcomes (
        seq INTEGER PRIMARY KEY,
        epoch TEXT NOT NULL,
        status TEXT NOT NULL,
        findings TEXT NOT NULL,
        CONSTRAINT fk_outcomes_entry FOREIGN KEY (seq) REFERENCES entries (seq)
    )""",
    """CREATE TABLE outcome_versions (
        seq INTEGER NOT NULL,
        member_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (seq, member_id),
        CONSTRAINT fk_outcome_versions_outcome FOREIGN KEY (seq) REFERENCES outcomes (seq) ON DELETE CASCADE
    ) WITHOUT ROWID""",
    """CREATE TABLE open_push (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        epoch TEXT NOT NULL,
        from_seq INTEGER NOT NULL,
        to_seq INTEGER NOT NULL CHECK (to_seq >= from_seq)
    )""",
    """CREATE TABLE shifts (
        shift_id TEXT PRIMARY KEY,
        business_date TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        opened_local_time TEXT NOT NULL,
        staff_id TEXT NOT NULL,
        float_minor INTEGER NOT NULL,
        opened_seq INTEGER NOT NULL CONSTRAINT uq_shifts_opened UNIQUE,
        closed_seq INTEGER
    )""",
    "CREATE UNIQUE INDEX uq_shifts_one_open ON shifts (closed_seq IS NULL) WHERE closed_seq IS NULL",
    """CREATE TABLE shift_totals (
        shift_id TEXT NOT NULL,
        measure TEXT NOT NULL,
        detail TEXT NOT NULL,
        total INTEGER NOT NULL,
        PRIMARY KEY (shift_id, measure, detail)
    ) WITHOUT ROWID""",
    """CREATE TABLE identity (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        terminal_id TEXT NOT NULL,
        incarnation INTEGER NOT NULL,
        store_id TEXT NOT NULL,
        store_name TEXT NOT NULL,
        zone TEXT NOT NULL,
        hq_url TEXT NOT NULL,
        root_public_key TEXT NOT NULL,
        seal_public_key TEXT NOT NULL,
        member_no_from INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE head_office (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        epoch TEXT NOT NULL,
        anchor TEXT,
        stopped_reason TEXT,
        machine TEXT NOT NULL DEFAULT ''
    )""",
    """CREATE TABLE certificates (
        key_id TEXT NOT NULL,
        purpose TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (key_id, purpose)
    ) WITHOUT ROWID""",
    """CREATE TABLE revoked_keys (
        key_id TEXT NOT NULL,
        purpose TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (key_id, purpose)
    ) WITHOUT ROWID""",
    """CREATE TABLE cursors (
        scope TEXT NOT NULL,
        epoch TEXT NOT NULL,
        high_water INTEGER NOT NULL,
        PRIMARY KEY (scope, epoch)
    ) WITHOUT ROWID""",
    """CREATE TABLE local_members (
        member_id TEXT PRIMARY KEY,
        member_no TEXT NOT NULL CONSTRAINT uq_local_members_no UNIQUE,
        card_issue INTEGER NOT NULL,
        name_masked TEXT NOT NULL,
        phone_last4 TEXT NOT NULL,
        phone_tag INTEGER NOT NULL,
        home_store_id TEXT NOT NULL,
        enrolled_seq INTEGER NOT NULL,
        in_feed INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID""",
    "CREATE INDEX ix_local_members_phone ON local_members (phone_tag, phone_last4)",
    """CREATE TABLE pin_attempts (
        staff_id TEXT PRIMARY KEY,
        failures INTEGER NOT NULL,
        last_failed_at TEXT
    ) WITHOUT ROWID""",
    # Requests are written down before they are sent; `number` counts them (H2).
    """CREATE TABLE hold_requests (
        number INTEGER PRIMARY KEY CHECK (number >= 1),
        hold_id TEXT NOT NULL CONSTRAINT uq_hold_requests_id UNIQUE,
        event_id TEXT NOT NULL,
        member_id TEXT NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
        things TEXT NOT NULL,
        state TEXT NOT NULL CONSTRAINT ck_hold_requests_state
            CHECK (state IN ('asked', 'held', 'refused', 'dropped', 'used')),
        asked_at TEXT NOT NULL
    )""",
    "CREATE INDEX ix_hold_requests_open ON hold_requests (state, number) WHERE state IN ('asked', 'held')",
    # A projection: what entries took, kept and gave back of leases.
    """CREATE TABLE leases (
        lease_id TEXT PRIMARY KEY,
        member_id TEXT NOT NULL,
        number INTEGER NOT NULL CHECK (number >= 0),
        left_minor INTEGER NOT NULL CHECK (left_minor >= 0),
        has_things INTEGER NOT NULL,
        expires_at TEXT,
        opened_seq INTEGER NOT NULL,
        closed_seq INTEGER
    ) WITHOUT ROWID""",
    "CREATE INDEX ix_leases_open ON leases (member_id) WHERE closed_seq IS NULL",
    """CREATE TABLE risk_taken (
        seq INTEGER PRIMARY KEY,
        member_id TEXT NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor > 0)
    )""",
    """CREATE TABLE reservation_marks (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        grant_watermark INTEGER NOT NULL,
        reported TEXT
    )""",
    "INSERT INTO reservation_marks VALUES (1, 0, NULL)",
    # A frozen copy of printers.spool.PRINT_JOBS_DDL; a test compares them.
    """CREATE TABLE print_jobs (
        job_id TEXT NOT NULL PRIMARY KEY,
        entry_seq INTEGER,
        kind TEXT NOT NULL,
        printer TEXT NOT NULL,
        document TEXT NOT NULL,
        kick_drawer INTEGER NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        copies INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        retry_at TEXT,
        last_error TEXT,
        printed_at TEXT,
        CONSTRAINT ck_print_jobs_state CHECK (state IN ('queued', 'sending', 'printed', 'unconfirmed', 'failed')),
        CONSTRAINT ck_print_jobs_kick_drawer CHECK (kick_drawer IN (0, 1)),
        CONSTRAINT ck_print_jobs_attempts CHECK (attempts >= 0 AND copies >= 0),
        CONSTRAINT ck_print_jobs_reprint_keeps_drawer_shut CHECK (copies = 0 OR kick_drawer = 0)
    )""",
    "CREATE INDEX ix_print_jobs_open ON print_jobs (printer, created_at) WHERE state IN ('queued', 'sending')",
    "CREATE INDEX ix_print_jobs_entry ON print_jobs (entry_seq)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
