"""The first schema of HQ. Until a version is released this file may still change in place."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# On SQLite these stand inside their tables; elsewhere they are added last, after tables are distributed.
# (name, table, referred table, the column on both sides)
FOREIGN_KEYS = (
    ("fk_console_sessions_user_id", "console_sessions", "console_users", "user_id"),
    ("fk_enrolment_codes_store_id", "enrolment_codes", "stores", "store_id"),
    ("fk_member_keys_member_id", "member_keys", "members", "member_id"),
    ("fk_staff_verifiers_staff_id", "staff_verifiers", "staff", "staff_id"),
    ("fk_staff_verifiers_store_id", "staff_verifiers", "stores", "store_id"),
    ("fk_terminals_store_id", "terminals", "stores", "store_id"),
)


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_audit_log_seq")),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_log"),
        info={"citus": "reference"},
    )
    op.create_table(
        "console_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["console_users.user_id"], name="fk_console_sessions_user_id", use_alter=True
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_console_sessions"),
        info={"citus": "reference"},
    )
    op.create_index("ix_console_sessions_user_id", "console_sessions", ["user_id"], unique=False)
    op.create_table(
        "console_users",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("store_id", sa.String(length=16), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('admin', 'finance', 'franchisee')", name=op.f("ck_console_users_role")),
        sa.PrimaryKeyConstraint("user_id", name="pk_console_users"),
        sa.UniqueConstraint("login", name="uq_console_users_login"),
        info={"citus": "reference"},
    )
    op.create_table(
        "enrolment_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("terminal_id", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.store_id"], name="fk_enrolment_codes_store_id", use_alter=True),
        sa.PrimaryKeyConstraint("code_hash", name="pk_enrolment_codes"),
        info={"citus": "reference"},
    )
    op.create_table(
        "feed",
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("needs_global", sa.BigInteger(), nullable=False),
        sa.Column("sequenced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_feed_seq")),
        sa.PrimaryKeyConstraint("feed_id", "epoch", "seq", name="pk_feed"),
        info={"citus": "feed_id"},
    )
    op.create_table(
        "feed_heads",
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_feed_heads_seq")),
        sa.PrimaryKeyConstraint("feed_id", "epoch", name="pk_feed_heads"),
        info={"citus": "feed_id"},
    )
    op.create_table(
        "feed_pages",
        sa.Column("feed_id", sa.String(length=24), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "epoch", "page", name="pk_feed_pages"),
        info={"citus": "feed_id"},
    )
    op.create_table(
        "hq_state",
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("epoch_began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("franchise_name", sa.String(length=128), nullable=False),
        sa.Column("next_member_no", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("key = 'hq'", name=op.f("ck_hq_state_one_row")),
        sa.PrimaryKeyConstraint("key", name="pk_hq_state"),
        info={"citus": "reference"},
    )
    op.create_table(
        "journal_entries",
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("terminal_id", sa.String(length=24), nullable=False),
        sa.Column("incarnation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("needs_a_person", sa.Boolean(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('created', 'set_aside')", name=op.f("ck_journal_entries_status")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_journal_entries_seq")),
        sa.PrimaryKeyConstraint("store_id", "terminal_id", "incarnation", "seq", name="pk_journal_entries"),
        info={"citus": "store_id"},
    )
    op.create_index(
        "ix_journal_entries_needs_a_person",
        "journal_entries",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("needs_a_person"),
        postgresql_where=sa.text("needs_a_person"),
    )
    op.create_table(
        "member_keys",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("attachment", sa.LargeBinary(), nullable=False),
        sa.Column("attachment_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.member_id"], name="fk_member_keys_member_id", use_alter=True),
        sa.PrimaryKeyConstraint("member_id", name="pk_member_keys"),
        info={"citus": "member_id"},
    )
    op.create_table(
        "members",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("member_no", sa.String(length=16), nullable=False),
        sa.Column("card_issue", sa.Integer(), nullable=False),
        sa.Column("home_store_id", sa.String(length=16), nullable=False),
        sa.Column("name_masked", sa.String(length=64), nullable=False),
        sa.Column("phone_last4", sa.String(length=4), nullable=False),
        sa.Column("phone_tag", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("personal_ciphertext", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name="pk_members"),
        info={"citus": "member_id"},
    )
    op.create_index("ix_members_member_no", "members", ["member_no"], unique=False)
    op.create_index("ix_members_name_masked_member_id", "members", ["name_masked", "member_id"], unique=False)
    op.create_index("ix_members_phone_index", "members", ["phone_index"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "event_id", name="pk_outbox"),
        info={"citus": "member_id"},
    )
    op.create_table(
        "postings",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=36), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_postings_amount_minor")),
        sa.PrimaryKeyConstraint("member_id", "event_id", "line_no", name="pk_postings"),
        info={"citus": "member_id"},
    )
    op.create_index("ix_postings_store_id_business_date", "postings", ["store_id", "business_date"], unique=False)
    op.create_table(
        "purchases",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("purchase_id", sa.String(length=36), nullable=False),
        sa.Column("receipt_no", sa.String(length=40), nullable=False),
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("terminal_id", sa.String(length=24), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "purchase_id", name="pk_purchases"),
        info={"citus": "member_id"},
    )
    op.create_index("ix_purchases_receipt_no", "purchases", ["receipt_no"], unique=False)
    op.create_index("ix_purchases_store_id_business_date", "purchases", ["store_id", "business_date"], unique=False)
    op.create_table(
        "rollups",
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("event_kind", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=36), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("debit_minor", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "business_date", "event_kind", "account", "detail", name="pk_rollups"),
        info={"citus": "store_id"},
    )
    op.create_table(
        "rulebooks",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=36), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_rulebooks_version")),
        sa.PrimaryKeyConstraint("version", name="pk_rulebooks"),
        info={"citus": "reference"},
    )
    op.create_table(
        "scope_members",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "store_id", name="pk_scope_members"),
        info={"citus": "member_id"},
    )
    op.create_index("ix_scope_members_store_id", "scope_members", ["store_id"], unique=False)
    op.create_table(
        "shift_events",
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("terminal_id", sa.String(length=24), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("shift_id", sa.String(length=36), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("float_minor", sa.BigInteger(), nullable=False),
        sa.Column("counted_minor", sa.BigInteger(), nullable=True),
        sa.Column("expected_minor", sa.BigInteger(), nullable=True),
        sa.Column("totals", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "event_id", name="pk_shift_events"),
        info={"citus": "store_id"},
    )
    op.create_index(
        "ix_shift_events_store_id_business_date", "shift_events", ["store_id", "business_date"], unique=False
    )
    op.create_table(
        "staff",
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('cashier', 'manager')", name=op.f("ck_staff_role")),
        sa.PrimaryKeyConstraint("staff_id", name="pk_staff"),
        info={"citus": "reference"},
    )
    op.create_table(
        "staff_verifiers",
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_staff_verifiers_staff_id", use_alter=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.store_id"], name="fk_staff_verifiers_store_id", use_alter=True),
        sa.PrimaryKeyConstraint("store_id", "staff_id", name="pk_staff_verifiers"),
        info={"citus": "store_id"},
    )
    op.create_table(
        "stores",
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("owner IN ('company', 'franchisee')", name=op.f("ck_stores_owner")),
        sa.PrimaryKeyConstraint("store_id", name="pk_stores"),
        info={"citus": "reference"},
    )
    op.create_table(
        "terminals",
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("terminal_id", sa.String(length=24), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("machine", sa.String(length=128), nullable=False),
        sa.Column("member_no_from", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("status_reason", sa.String(length=200), nullable=False),
        sa.Column("accepted_seq", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.String(length=64), nullable=False),
        sa.Column("last_occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("anchor_seen", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('active', 'stopped', 'revoked')", name=op.f("ck_terminals_status")),
        sa.CheckConstraint("accepted_seq >= 0", name=op.f("ck_terminals_accepted_seq")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.store_id"], name="fk_terminals_store_id", use_alter=True),
        sa.PrimaryKeyConstraint("store_id", "terminal_id", name="pk_terminals"),
        info={"citus": "store_id"},
    )
    op.create_index("ix_terminals_terminal_id", "terminals", ["terminal_id"], unique=False)
    op.create_table(
        "wallet_events",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("terminal_id", sa.String(length=24), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("receipt_no", sa.String(length=40), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("needs_a_person", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_wallet_events_amount_minor")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_wallet_events_version")),
        sa.PrimaryKeyConstraint("member_id", "event_id", name="pk_wallet_events"),
        info={"citus": "member_id"},
    )
    op.create_index(
        "ix_wallet_events_needs_a_person",
        "wallet_events",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("needs_a_person"),
        postgresql_where=sa.text("needs_a_person"),
    )
    op.create_index("ix_wallet_events_receipt_no", "wallet_events", ["receipt_no"], unique=False)
    op.create_index(
        "ix_wallet_events_store_id_business_date", "wallet_events", ["store_id", "business_date"], unique=False
    )
    op.create_table(
        "wallets",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("prior_version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("tier_id", sa.String(length=36), nullable=False),
        sa.Column("principal_minor", sa.BigInteger(), nullable=False),
        sa.Column("bonus_minor", sa.BigInteger(), nullable=False),
        sa.Column("receivable_minor", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('active', 'frozen', 'lost', 'closed')", name=op.f("ck_wallets_status")),
        sa.CheckConstraint("bonus_minor >= 0", name=op.f("ck_wallets_bonus_minor")),
        sa.CheckConstraint("principal_minor >= 0", name=op.f("ck_wallets_principal_minor")),
        sa.CheckConstraint("receivable_minor >= 0", name=op.f("ck_wallets_receivable_minor")),
        sa.CheckConstraint("version > prior_version AND prior_version >= 0", name=op.f("ck_wallets_version")),
        sa.PrimaryKeyConstraint("member_id", name="pk_wallets"),
        info={"citus": "member_id"},
    )
    if op.get_bind().dialect.name != "sqlite":
        for name, table, referred, column in FOREIGN_KEYS:
            op.create_foreign_key(name, table, referred, [column], [column])


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first schema")
